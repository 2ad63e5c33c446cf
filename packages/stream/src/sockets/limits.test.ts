import { once } from 'node:events';
import { gate } from 'iii-testing';
import { describe, expect, it } from 'vitest';
import { drivers, type Envelope, Inbox, Peer, TestBed } from '../test-support.js';

describe.each(drivers)('limits of sockets on %s', (driver) => {
  const open = (limits: object, more: object = {}) => TestBed.open({ config: { driver, limits }, ...more });

  it('a message that is too large closes the socket with 1009', async () => {
    await using bed = await open({ max_message_bytes: 300 });
    const peer = await bed.connect();
    peer.send(`${' '.repeat(220)}{}`).join('chat', 'room');
    expect((await peer.event()).type).toBe('sync');
    peer.send(' '.repeat(301));
    expect(await peer.closed()).toMatchObject({ code: 1009 });
  });

  it('a message over a MiB does too, whatever is configured', async () => {
    await using bed = await open({ max_message_bytes: 2 ** 20 });
    const peer = await bed.connect();
    peer.send(' '.repeat(2 ** 20 + 1));
    expect((await peer.closed()).code).toBe(1009);
  });

  it('messages that are too many close it with 1008', async () => {
    await using bed = await open({ messages_per_second: 1, max_subscriptions: 3 }, { clock: 'manual' });
    const peer = await bed.connect();
    for (let n = 0; n < 4; n++) peer.send('{}');
    peer.send('{}');
    const { code, reason } = await peer.closed();
    expect([code, reason]).toEqual([1008, expect.stringContaining('too many messages')]);
  });

  it('so do messages that are more than may wait behind a slow join', async () => {
    await using bed = await open({ max_message_bytes: 256, join_timeout: 60_000 });
    const decided = gate();
    await bed.bind('stream:join', {}, () => decided.opened);
    const peer = await bed.connect();
    for (let n = 0; n < 12; n++) peer.join('chat', 'x'.repeat(100), undefined, `s${n}`);
    expect((await peer.closed()).code).toBe(1008);
    decided.open();
  });

  it('subscriptions that are too many close it with 1008; renewing one is none more', async () => {
    await using bed = await open({ max_subscriptions: 2 });
    const peer = await bed.connect();
    peer
      .join('chat', 'a', undefined, '1')
      .join('chat', 'b', undefined, '2')
      .join('chat', 'c', undefined, '2');
    for (let n = 0; n < 3; n++) await peer.next();
    peer.join('chat', 'd', undefined, '3');
    const { code, reason } = await peer.closed();
    expect([code, reason]).toEqual([1008, expect.stringContaining('too many subscriptions')]);
  });

  it('sockets that are too many are refused with 503, until one has left', async () => {
    await using bed = await open({ max_sockets: 1 });
    const left = new Inbox<unknown>();
    await bed.bind('stream:leave', {}, left.put);
    const first = await bed.connect('/stream/chat/room');
    await first.next();
    expect(await bed.refused('/')).toBe(503);
    first.socket.close();
    await left.count(1);
    await bed.connect();
  });

  it('a socket that answers no ping is cut', async () => {
    await using bed = await open({ ping_interval: 20_000 }, { clock: 'manual' });
    const peer = new Peer(bed.dial('/', { autoPong: false }));
    await once(peer.socket, 'open');
    const ping = once(peer.socket, 'ping');
    bed.engine.clock.advance(20_000);
    await ping;
    const closed = peer.closed();
    bed.engine.clock.advance(20_000);
    expect((await closed).code).toBe(1006);
  });

  it('a socket that does not read is resynced, and the others get everything in order', async () => {
    await using bed = await open({ max_buffered_bytes: 64 * 1024 });
    const [slow, quick] = [await bed.connect(), await bed.connect()];
    for (const peer of [slow, quick]) {
      peer.join('chat', 'room');
      await peer.next();
    }
    slow.socket.pause();
    const filler = 'x'.repeat(64 * 1024);
    const count = 400;
    for (let n = 0; n < count; n++) {
      await bed.set('room', 'one', { n, filler });
      expect((await quick.event()).data).toMatchObject({ n });
    }
    slow.socket.resume();
    const seen: Array<Envelope['event']> = [];
    do seen.push(await slow.event());
    while (seen.at(-1)?.type !== 'sync');
    expect(seen.length).toBeLessThan(count);
    const before = seen.slice(0, -1).map(({ data }) => (data as { n: number }).n);
    expect(before).toEqual(before.map((_, n) => n));
    expect(seen.at(-1)).toMatchObject({ data: [{ n: count - 1 }] });
    await bed.set('room', 'one', { n: 'after' });
    expect((await slow.event()).data).toEqual({ n: 'after' });
  });
});
