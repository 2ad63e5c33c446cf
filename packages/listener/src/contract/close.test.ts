import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Listener, UpgradeDecision } from '../types.js';
import { type DriverUnderTest, describeDrivers } from './drivers.js';
import { clientFrame, closePayload, OPCODE } from './frames.js';
import { Inbox } from './inbox.js';
import { Owners } from './owner.js';
import { Peer } from './peer.js';
import { handshake, RawClient } from './raw-client.js';
import { Exchanges, get, outcome, post } from './serve.js';

async function refuses(listener: Listener): Promise<void> {
  await expect(RawClient.connect(listener)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
}

/** A port with one request that waits for its answer. */
async function underWay(driver: DriverUnderTest) {
  const exchanges = new Exchanges();
  const listener = await driver.listen(exchanges);
  const client = await RawClient.connect(listener);
  client.send(get());
  return { listener, client, ...(await exchanges.next()) };
}

describeDrivers('closing a port', (driver) => {
  it('without connections resolves, and refuses new ones', async () => {
    const listener = await driver.listen();
    await listener.close();
    await refuses(listener);
  });

  it('refuses new connections at once, while old ones are still served', async () => {
    const { listener, client, response } = await underWay(driver);
    const closed = listener.close({ graceMs: 10_000 });
    await refuses(listener);
    response.send(200, [], 'in time');
    expect((await client.response()).body.toString()).toBe('in time');
    await closed;
  });

  it('lets a request finish, says connection: close, and resolves without waiting for the deadline', async () => {
    const { listener, client, response } = await underWay(driver);
    const started = performance.now();
    const closed = listener.close({ graceMs: 15_000 });
    response.send(200, [], 'last');
    const parsed = await client.response();
    expect(parsed.all('connection')).toEqual(['close']);
    await client.gone;
    await closed;
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('lets a streamed answer that has begun finish', async () => {
    const { listener, client, response } = await underWay(driver);
    response.start(200);
    response.write('one ');
    const closed = listener.close({ graceMs: 10_000 });
    response.write('two ');
    await client.until(() => client.pending.includes('two'));
    response.end('three');
    const parsed = await client.response();
    expect(parsed.body.toString()).toBe('one two three');
    expect(parsed.truncated).toBe(false);
    await closed;
  });

  it('lets a large answer to a slow client finish', async () => {
    const exchanges = new Exchanges();
    const listener = await driver.listen(exchanges);
    const client = await RawClient.connect(listener);
    client.tcp.pause();
    client.send(get());
    const { response } = await exchanges.next();
    response.send(200, [], Buffer.alloc(8 * 1024 * 1024));
    expect(response.closed).toBe(false);
    const closed = listener.close({ graceMs: 10_000 });
    client.tcp.resume();
    const parsed = await client.response();
    expect(parsed.body).toHaveLength(8 * 1024 * 1024);
    expect(parsed.truncated).toBe(false);
    await closed;
  });

  it('closes idle and half-begun connections without waiting for the deadline', async () => {
    const exchanges = new Exchanges();
    const listener = await driver.listen(exchanges);
    const idle = await RawClient.connect(listener);
    idle.send(get());
    (await exchanges.next()).response.send(200);
    await idle.response();
    const silent = await RawClient.connect(listener);
    const partial = await RawClient.connect(listener);
    partial.send('GET / HT');
    const started = performance.now();
    await listener.close({ graceMs: 15_000 });
    await Promise.all([idle.gone, silent.gone, partial.gone]);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('answers nothing new on a connection that outlives it', async () => {
    const exchanges = new Exchanges();
    const listener = await driver.listen(exchanges);
    const idle = await RawClient.connect(listener);
    idle.send(get());
    (await exchanges.next()).response.send(200);
    await idle.response();
    const busy = await RawClient.connect(listener);
    busy.send(get());
    const { response } = await exchanges.next();
    const closed = listener.close({ graceMs: 10_000 });
    idle.send(get('/too-late'));
    if (driver.name === 'uws') {
      // The library does not show idle connections, so this one lives until the port is quiet.
      const parsed = await idle.response();
      expect(parsed.status).toBe(503);
      expect(parsed.all('connection')).toEqual(['close']);
    }
    await idle.gone;
    expect(exchanges.inbox.all).toHaveLength(2);
    response.send(200);
    await closed;
  });

  it('cuts what is not finished at the deadline', async () => {
    const { listener, client, response } = await underWay(driver);
    const ended = outcome(response);
    response.start(200);
    response.write('never ');
    await client.until(() => client.pending.includes('never'));
    await listener.close({ graceMs: 100 });
    expect(await ended).toBe(false);
    expect((await client.response()).truncated).toBe(true);
    response.end('ending');
  });

  it('cuts at once without grace', async () => {
    const exchanges = new Exchanges();
    const listener = await driver.listen(exchanges);
    const clients = await Promise.all([RawClient.connect(listener), RawClient.connect(listener)]);
    clients[0].send(get());
    clients[1].send(post('/', 10));
    const ended = [await exchanges.next(), await exchanges.next()].map(({ response }) => outcome(response));
    const started = performance.now();
    await listener.close();
    expect(performance.now() - started).toBeLessThan(2000);
    expect(await Promise.all(ended)).toEqual([false, false]);
    await Promise.all(clients.map((client) => client.gone));
  });

  it('is idempotent, and every caller waits for the same end', async () => {
    const { listener, response } = await underWay(driver);
    const order: string[] = [];
    const first = listener.close({ graceMs: 10_000 }).then(() => order.push('first'));
    const second = listener.close().then(() => order.push('second'));
    await refuses(listener);
    expect(order).toEqual([]);
    response.send(200);
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
    await listener.close();
  });

  it('refuses a close code that must not be sent, and stays open', async () => {
    const listener = await driver.listen();
    await expect(listener.close({ code: 1006 })).rejects.toMatchObject({ code: 'invalid_close_code' });
    await RawClient.connect(listener);
  });

  it('takes a grace without end for a long one', async () => {
    const { listener, client, response } = await underWay(driver);
    const closed = listener.close({ graceMs: Number.POSITIVE_INFINITY });
    await refuses(listener);
    response.send(200);
    expect((await client.response()).status).toBe(200);
    await closed;
  });

  it('may be asked for from within a request', async () => {
    const closed = new Inbox<'closed'>();
    const listener = await driver.listen({
      onRequest: (_request, response) => {
        response.send(200, [], 'bye');
        void listener.close({ graceMs: 1000 }).then(() => closed.push('closed'));
      },
    });
    const client = await RawClient.connect(listener);
    client.send(get());
    expect((await client.response()).body.toString()).toBe('bye');
    await closed.next();
  });
});

describeDrivers('WebSockets of a port that closes', (driver) => {
  it('see the code and the reason given; their owners too', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const peers = await Promise.all([Peer.open(listener), Peer.open(listener)]);
    const mine = [await owners.next(), await owners.next()];
    const closed = listener.close({ graceMs: 5000, code: 1012, reason: 'reload' });
    for (const peer of peers) expect(await peer.ends.next()).toEqual({ code: 1012, reason: 'reload' });
    for (const owner of mine) expect(await owner.ends.next()).toEqual({ code: 1012, reason: 'reload' });
    await closed;
  });

  it('see 1001 by default, also without grace', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const peer = await Peer.open(listener);
    await owners.next();
    await listener.close();
    expect(await peer.ends.next()).toEqual({ code: 1001, reason: '' });
  });

  it('get everything that was sent before', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const peer = await Peer.open(listener);
    const { socket } = await owners.next();
    peer.ws.pause();
    let count = 0;
    do count++;
    while (socket.sendBinary(Buffer.alloc(256 * 1024)) !== 'buffered');
    const closed = listener.close({ graceMs: 10_000 });
    peer.ws.resume();
    expect((await peer.ends.next()).code).toBe(1001);
    expect(peer.messages.all).toHaveLength(count);
    await closed;
  });

  it('that do not complete the handshake are cut at the deadline', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const client = await RawClient.upgrade(listener);
    const owner = await owners.next();
    const started = performance.now();
    await listener.close({ graceMs: 300 });
    expect(performance.now() - started).toBeLessThan(3000);
    expect(await client.frame()).toMatchObject({ opcode: OPCODE.close, payload: closePayload(1001) });
    await client.gone;
    expect((await owner.ends.next()).code).toBe(1001);
  });

  it('that do not read are cut at the deadline', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const client = await RawClient.upgrade(listener);
    client.tcp.pause();
    const owner = await owners.next();
    while (owner.socket.sendBinary(Buffer.alloc(1024 * 1024)) !== 'buffered');
    await listener.close({ graceMs: 200 });
    expect((await owner.ends.next()).code).toBe(1006);
  });

  it('complete a handshake that is under way', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const client = await RawClient.upgrade(listener);
    const owner = await owners.next();
    client.send(clientFrame(OPCODE.close, closePayload(4000, 'mine')));
    await owner.ends.next();
    await listener.close({ graceMs: 5000 });
    expect(owner.ends.all).toEqual([{ code: 4000, reason: 'mine' }]);
  });

  it('are not accepted any more when the decision comes too late', async () => {
    const owners = new Owners();
    const asked = new Inbox<(decision: UpgradeDecision) => void>();
    const listener = await driver.listen({ onUpgrade: () => new Promise((resolve) => asked.push(resolve)) });
    const client = await RawClient.connect(listener);
    client.send(handshake('/'));
    const decide = await asked.next();
    const closed = listener.close({ graceMs: 10_000 });
    decide({ accept: owners.accept });
    expect((await client.response()).status).toBe(503);
    await closed;
    expect(owners.inbox.all).toEqual([]);
  });

  it('whose decision never comes do not hold the port beyond the deadline', async () => {
    const asked = new Inbox<'asked'>();
    const listener = await driver.listen({
      onUpgrade: () => {
        asked.push('asked');
        return new Promise(() => {});
      },
    });
    const client = await RawClient.connect(listener);
    client.send(handshake('/'));
    await asked.next();
    await listener.close({ graceMs: 100 });
    await client.gone;
  });

  it('do not make the end of an untroubled close wait long', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const peer = await Peer.open(listener);
    await owners.next();
    const started = performance.now();
    await Promise.all([listener.close({ graceMs: 15_000 }), peer.ends.next()]);
    expect(performance.now() - started).toBeLessThan(2000);
    await delay(0);
  });
});
