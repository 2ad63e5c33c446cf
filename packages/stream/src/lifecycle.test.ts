import { once } from 'node:events';
import net from 'node:net';
import { gate } from 'iii-testing';
import { memoryStores, readConfig, type WorkerStore, type WorkerStores } from 'iii-worker';
import { describe, expect, it } from 'vitest';
import { StreamConfig } from './config.js';
import { drivers, Inbox, Peer, TestBed } from './test-support.js';
import { streamWorker } from './worker.js';

const config = (given: object) => readConfig('iii-stream', StreamConfig, given);

/** Stores in memory that know places from each other. */
function placedStores(): WorkerStores {
  const places = new Map<string, WorkerStores>();
  return {
    open: (options: WorkerStore = {}) => {
      const place = JSON.stringify(options.location);
      if (place.includes('broken')) return Promise.reject(new Error('the disk is gone'));
      const stores = places.get(place) ?? memoryStores();
      places.set(place, stores);
      return stores.open(options);
    },
    close: async () => {
      for (const stores of places.values()) await stores.close();
    },
  };
}

describe.each(drivers)('the stream worker on %s', (driver) => {
  async function open(given: object = {}) {
    const base = { driver, port: 0, ...given };
    const bed = await TestBed.open({ config: base, storage: placedStores });
    const reconfigure = (change: object) => bed.stream.reconfigure?.(config({ ...base, ...change }));
    return { bed, reconfigure };
  }

  it('takes other limits and another auth function without losing a socket', async () => {
    const { bed, reconfigure } = await open();
    await using _ = bed;
    const before = await bed.connect();
    await reconfigure({ auth_function: 'nobody', limits: { max_subscriptions: 1 } });
    expect(await bed.refused('/')).toBe(401);
    before.join('chat', 'a', undefined, '1');
    expect((await before.event()).type).toBe('sync');
    before.join('chat', 'b', undefined, '2');
    expect((await before.closed()).code).toBe(1008);
  });

  it('moves to another port, and tells sockets of the old one to come again', async () => {
    const { bed, reconfigure } = await open();
    await using _ = bed;
    const left = new Inbox<unknown>();
    await bed.bind('stream:leave', {}, left.put);
    const before = await bed.connect();
    before.join('chat', 'room');
    await before.next();
    const closed = before.closed();
    const old = Number(new URL(`http://${bed.address}`).port);
    const port = await freePort();
    await reconfigure({ port });
    expect(await closed).toEqual({ code: 1012, reason: expect.stringContaining('another address') });
    await left.count(1);
    const after = new Peer(bed.dialTo(`127.0.0.1:${port}`));
    await once(after.socket, 'open');
    const refused = net.connect(old, '127.0.0.1');
    await once(refused, 'error');
    expect(bed.log.messages('info')).toContain(`stream moved to 127.0.0.1:${port} (driver ${driver})`);
  });

  it('stays where it is when the new port is taken', async () => {
    const { bed, reconfigure } = await open();
    await using _ = bed;
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const before = await bed.connect();
    const { port } = taken.address() as net.AddressInfo;
    const failed = reconfigure({ port, auth_function: 'auth', adapter: { config: { file_path: '/other' } } });
    await expect(failed).rejects.toThrow(`127.0.0.1:${port}`);
    before.join('chat', 'room');
    expect((await before.event()).type).toBe('sync');
    await bed.connect();
    taken.close();
  });

  it('shows sockets what another store has, and follows that one', async () => {
    const { bed, reconfigure } = await open();
    await using _ = bed;
    const peer = await bed.connect();
    peer.join('chat', 'room').join('chat', 'room', 'a', 's2');
    await peer.next();
    await peer.next();
    await bed.set('room', 'a', 1);
    await peer.next();
    await peer.next();
    await reconfigure({ adapter: { config: { store_method: 'in_memory' } } });
    expect([await peer.event(), await peer.event()]).toEqual([
      { type: 'sync', data: [] },
      { type: 'sync', data: null },
    ]);
    await bed.set('room', 'b', 2);
    expect(await peer.event()).toEqual({ type: 'create', data: 2 });
  });

  it('keeps its store when only knobs were turned, or the new one cannot be opened', async () => {
    const { bed, reconfigure } = await open();
    await using _ = bed;
    await bed.set('room', 'a', 1);
    await reconfigure({ adapter: { config: { channel_size: 5, save_interval_ms: 100 } }, max_bytes: 10_000 });
    expect(bed.log.messages('warn')).toEqual([expect.stringContaining('when the worker starts anew')]);
    await expect(reconfigure({ adapter: { config: { file_path: '/broken' } } })).rejects.toThrow(
      'disk is gone',
    );
    expect(await bed.call('stream::list', { stream_name: 'chat', group_id: 'room' })).toEqual([1]);
  });

  it('stops: sockets close with 1001, and who has left is told', async () => {
    const { bed } = await open();
    await using _ = bed;
    const left = new Inbox<string>();
    await bed.bind('stream:leave', {}, ({ subscription_id }: { subscription_id: string }) =>
      left.put(subscription_id),
    );
    const peer = await bed.connect();
    peer.join('chat', 'a', undefined, 's1').join('chat', 'b', undefined, 's2');
    await peer.next();
    await peer.next();
    const closed = peer.closed();
    await bed.stream.stop();
    expect(await closed).toMatchObject({ code: 1001 });
    expect(left.items).toEqual(['s1', 's2']);
    const types = await bed.call<{ triggers: Array<{ id: string }> }>('engine::triggers::list', {});
    expect(types.triggers.map(({ id }) => id).filter((id) => id.startsWith('stream'))).toEqual([]);
  });

  it('stops in time although a function does not answer', async () => {
    await using bed = await TestBed.open({ config: { driver }, clock: 'manual' });
    const called = gate();
    await bed.bind('stream', { stream_name: 'chat' }, () => {
      called.open();
      return new Promise(() => {});
    });
    await bed.set('room', 'a', 1);
    await called.opened;
    const clock = bed.engine.clock;
    const stopped = bed.stream.stop();
    let isStopped = false;
    void stopped.then(() => (isStopped = true));
    while (!isStopped) {
      clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await stopped;
  });

  it('that cannot bind its port starts nothing', async () => {
    await using bed = await TestBed.open({ config: { driver } });
    const port = Number(new URL(`http://${bed.address}`).port);
    await bed.stream.stop();
    const taken = net.createServer().listen(port, '127.0.0.1');
    await once(taken, 'listening');
    await expect(bed.engine.start(streamWorker, { driver, port })).rejects.toThrow(`127.0.0.1:${port}`);
    expect((await bed.failure('stream::list_all', {})).code).toBe('function_not_found');
    taken.close();
  });
});

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
