import { expect, it } from 'vitest';
import { ListenerError } from '../errors.js';
import { type DriverUnderTest, describeDrivers } from './drivers.js';
import { clientFrame, closePayload, OPCODE } from './frames.js';
import { type Owner, Owners } from './owner.js';
import { Peer } from './peer.js';
import { RawClient } from './raw-client.js';

async function pair(driver: DriverUnderTest): Promise<{ peer: Peer; owner: Owner }> {
  const owners = new Owners();
  const peer = await Peer.open(await driver.listen(owners));
  return { peer, owner: await owners.next() };
}

async function rawPair(driver: DriverUnderTest): Promise<{ client: RawClient; owner: Owner }> {
  const owners = new Owners();
  const client = await RawClient.upgrade(await driver.listen(owners));
  return { client, owner: await owners.next() };
}

describeDrivers('close by the owner', (driver) => {
  for (const [code, reason] of [
    [1000, ''],
    [1000, 'stream_complete'],
    [1011, 'grüße'],
    [1012, 'listener reload'],
    [4321, 'of our own'],
  ] as const) {
    it(`with ${code} ${JSON.stringify(reason)} is seen by the peer and by the owner`, async () => {
      const { peer, owner } = await pair(driver);
      owner.socket.close(code, reason);
      expect(await peer.ends.next()).toEqual({ code, reason });
      expect(await owner.ends.next()).toEqual({ code, reason });
    });
  }

  it('tells the owner once, never from within close, and nothing afterwards', async () => {
    const { peer, owner } = await pair(driver);
    peer.ws.send('before');
    await owner.messages.next();
    owner.socket.close(1000);
    expect(owner.ends.all).toEqual([]);
    peer.ws.send('after');
    await owner.ends.next();
    await peer.ends.next();
    owner.socket.close(1001);
    owner.socket.terminate();
    expect(owner.ends.all).toHaveLength(1);
    expect(owner.messages.all).toHaveLength(1);
  });

  it('comes after everything that was sent before', async () => {
    const { peer, owner } = await pair(driver);
    for (let index = 0; index < 500; index++) owner.socket.sendText(String(index));
    owner.socket.close(1000);
    await peer.ends.next();
    expect(peer.messages.all.map(({ data }) => data.toString())).toEqual(
      Array.from({ length: 500 }, (_, i) => `${i}`),
    );
  });

  it('cuts a long reason to what fits, between two characters', async () => {
    const { peer, owner } = await pair(driver);
    owner.socket.close(1000, `${'x'.repeat(122)}€€€`);
    expect((await peer.ends.next()).reason).toBe('x'.repeat(122));
  });

  it('refuses codes that must not be sent', async () => {
    const { owner } = await pair(driver);
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 2000, 5000, 1000.5]) {
      expect(() => owner.socket.close(code)).toThrow(ListenerError);
    }
  });

  it('leaves every method harmless', async () => {
    const { owner } = await pair(driver);
    const { socket } = owner;
    socket.close(1000);
    await owner.ends.next();
    expect(socket.sendText('x')).toBe('closed');
    expect(socket.sendBinary(new Uint8Array(3))).toBe('closed');
    expect(socket.bufferedBytes).toBe(0);
    socket.ping();
    socket.pause();
    socket.resume();
    socket.close(1000);
    socket.terminate();
    expect(socket.remoteAddress).toBe('127.0.0.1');
  });

  it('cuts a peer that answers no close frame, at the latest after 5 s', async () => {
    const { client, owner } = await rawPair(driver);
    const started = performance.now();
    owner.socket.close(1000, 'please');
    expect(await client.frame()).toMatchObject({
      opcode: OPCODE.close,
      payload: closePayload(1000, 'please'),
    });
    expect(await owner.ends.next()).toEqual({ code: 1000, reason: 'please' });
    await client.gone;
    expect(performance.now() - started).toBeLessThan(7000);
  });

  it('cuts a peer that does not even read the close frame', async () => {
    const owners = new Owners();
    const listener = await driver.listenWith(owners, { closeTimeoutMs: 100 });
    const client = await RawClient.upgrade(listener);
    client.tcp.pause();
    const owner = await owners.next();
    while (owner.socket.sendBinary(Buffer.alloc(1024 * 1024)) !== 'buffered');
    owner.socket.close(1000);
    expect(owner.socket.sendText('x')).toBe('closed');
    expect((await owner.ends.next()).code).toBe(1006);
    client.tcp.resume();
    await client.gone;
  });

  it('waits for a slow peer, which then sees every message and the code', async () => {
    const owners = new Owners();
    const peer = await Peer.open(await driver.listen(owners));
    const owner = await owners.next();
    peer.ws.pause();
    let sent = 0;
    do sent++;
    while (owner.socket.sendBinary(Buffer.alloc(1024 * 1024)) !== 'buffered');
    owner.socket.close(4000, 'done');
    peer.ws.resume();
    expect(await peer.ends.next()).toEqual({ code: 4000, reason: 'done' });
    expect(peer.messages.all).toHaveLength(sent);
    expect(await owner.ends.next()).toEqual({ code: 4000, reason: 'done' });
  });
});

describeDrivers('close by the peer', (driver) => {
  for (const [code, reason] of [
    [1000, 'bye'],
    [1001, ''],
    [1011, 'grüße'],
    [4999, 'grüße'],
  ] as const) {
    it(`with ${code} ${JSON.stringify(reason)} is answered and told to the owner`, async () => {
      const { client, owner } = await rawPair(driver);
      client.send(clientFrame(OPCODE.close, closePayload(code, reason)));
      const answer = await client.frame();
      expect(answer.opcode).toBe(OPCODE.close);
      expect(answer.payload.readUInt16BE(0)).toBe(code);
      await client.gone;
      expect(await owner.ends.next()).toEqual({ code, reason });
    });
  }

  it('with a code that uWebSockets.js does not know is told as that code, or as 1006', async () => {
    for (const code of [1012, 3000]) {
      const { client, owner } = await rawPair(driver);
      client.send(clientFrame(OPCODE.close, closePayload(code)));
      expect((await client.frame()).opcode).toBe(OPCODE.close);
      expect((await owner.ends.next()).code).toBe(driver.name === 'node' ? code : 1006);
    }
  });

  it('without a status is answered and told as 1005', async () => {
    const { client, owner } = await rawPair(driver);
    client.send(clientFrame(OPCODE.close));
    expect(await client.frame()).toMatchObject({ opcode: OPCODE.close, payload: Buffer.alloc(0) });
    await client.gone;
    expect(await owner.ends.next()).toEqual({ code: 1005, reason: '' });
  });

  it('by ending or resetting the connection is told as 1006', async () => {
    for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
      const { client, owner } = await rawPair(driver);
      client.tcp[leave]();
      expect(await owner.ends.next()).toEqual({ code: 1006, reason: '' });
    }
  });

  it('comes after everything the peer sent before', async () => {
    const { client, owner } = await rawPair(driver);
    const frames = Array.from({ length: 100 }, (_, index) => clientFrame(OPCODE.text, String(index)));
    client.send(Buffer.concat([...frames, clientFrame(OPCODE.close, closePayload(1000))]));
    await owner.ends.next();
    expect(owner.messages.all.map(({ text }) => text)).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`));
  });
});

describeDrivers('terminate', (driver) => {
  it('cuts the connection without a close frame', async () => {
    const { peer, owner } = await pair(driver);
    owner.socket.terminate();
    expect((await peer.ends.next()).code).toBe(1006);
    expect(await owner.ends.next()).toEqual({ code: 1006, reason: '' });
  });

  it('tells the owner, but never from within the call', async () => {
    const { owner } = await pair(driver);
    owner.socket.terminate();
    expect(owner.ends.all).toEqual([]);
    expect(owner.socket.sendText('x')).toBe('closed');
    await owner.ends.next();
  });

  it('works from within a message', async () => {
    const owners = new Owners();
    const listener = await driver.listen({
      onUpgrade: () => ({
        accept: (socket) => {
          const owner = owners.accept(socket);
          return { message: () => socket.terminate(), closed: (code, reason) => owner.closed(code, reason) };
        },
      }),
    });
    const peer = await Peer.open(listener);
    peer.ws.send('x');
    peer.ws.send('y');
    expect((await (await owners.next()).ends.next()).code).toBe(1006);
    expect((await peer.ends.next()).code).toBe(1006);
  });
});
