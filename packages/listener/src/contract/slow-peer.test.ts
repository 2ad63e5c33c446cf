import { expect, it } from 'vitest';
import { type DriverUnderTest, describeDrivers } from './drivers.js';
import { clientFrame, closePayload, type Frame, OPCODE } from './frames.js';
import { Inbox } from './inbox.js';
import { type Owner, Owners } from './owner.js';
import { Peer } from './peer.js';
import { RawClient } from './raw-client.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What may be in front of a control frame, and as much again: node counts a write until all of it has left. */
const AHEAD = 2 * 256 * KIB;

async function pair(driver: DriverUnderTest): Promise<{ client: RawClient; owner: Owner }> {
  const owners = new Owners();
  const client = await RawClient.upgrade(await driver.listen(owners));
  return { client, owner: await owners.next() };
}

/** Bytes that wait once the kernel takes no more: it is given them in turns. */
async function leftOver({ socket }: Owner): Promise<number> {
  for (let before = Number.POSITIVE_INFINITY; ; ) {
    const now = socket.bufferedBytes;
    if (now === before) return now;
    before = now;
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Reads up to a frame of this kind, and counts the bytes in front of it. */
async function readTo(client: RawClient, opcode: number): Promise<{ frame: Frame; before: number }> {
  for (let before = 0; ; ) {
    const frame = await client.frame();
    if (frame.opcode === opcode) return { frame, before };
    before += frame.payload.length;
  }
}

/** Pings while messages wait for the client, then reads up to the pong: the bytes in front of it. */
async function bytesBeforePong({ client, owner }: { client: RawClient; owner: Owner }) {
  client.send(clientFrame(OPCODE.ping, 'alive?'));
  await owner.pings.next();
  client.tcp.resume();
  const { frame, before } = await readTo(client, OPCODE.pong);
  expect(frame.payload.toString()).toBe('alive?');
  return before;
}

/** Reads until so many messages are complete, put together from their frames. */
async function messages(client: RawClient, count: number) {
  const all: Array<{ opcode: number; data: Buffer; frames: number[] }> = [];
  let begun: { opcode: number; pieces: Buffer[] } | undefined;
  while (all.length < count) {
    const { opcode, fin, payload } = await client.frame();
    if (opcode === OPCODE.pong) continue;
    expect(opcode === OPCODE.continuation).toBe(begun !== undefined);
    begun ??= { opcode, pieces: [] };
    begun.pieces.push(payload);
    if (!fin) continue;
    const { pieces } = begun;
    all.push({
      opcode: begun.opcode,
      data: Buffer.concat(pieces),
      frames: pieces.map(({ length }) => length),
    });
    begun = undefined;
  }
  return all;
}

/** Bytes of ASCII that differ from place to place, so that a piece that is lost or moved shows. */
function pattern(length: number): Buffer {
  const data = Buffer.alloc(length, '.');
  for (let index = 0; index + 8 <= length; index += 4096) data.write(index.toString(16), index, 'latin1');
  return data;
}

describeDrivers('a peer that reads slowly', (driver) => {
  const backlogs = {
    'many messages': (owner: Owner) => {
      for (let index = 0; index < 512; index++) owner.socket.sendBinary(Buffer.alloc(64 * KIB));
    },
    'one message': (owner: Owner) => {
      owner.socket.sendBinary(Buffer.alloc(32 * MIB));
    },
  };

  for (const [what, send] of Object.entries(backlogs)) {
    it(`has its ping answered in front of 32 MiB that wait, ${what}`, async () => {
      const { client, owner } = await pair(driver);
      client.tcp.pause();
      send(owner);
      const inKernel = 32 * MIB - (await leftOver(owner));
      expect(inKernel).toBeLessThan(16 * MIB);
      expect(await bytesBeforePong({ client, owner })).toBeLessThanOrEqual(inKernel + AHEAD);
    });

    it(`sees a ping of the owner in front of 32 MiB that wait, ${what}`, async () => {
      const { client, owner } = await pair(driver);
      client.tcp.pause();
      send(owner);
      const inKernel = 32 * MIB - (await leftOver(owner));
      owner.socket.ping(Buffer.from('hello?'));
      client.tcp.resume();
      const { frame, before } = await readTo(client, OPCODE.ping);
      expect(frame.payload.toString()).toBe('hello?');
      expect(before).toBeLessThanOrEqual(inKernel + AHEAD);
    });
  }

  it('gets messages of all sizes in order, and the owner one drained', async () => {
    const { client, owner } = await pair(driver);
    client.tcp.pause();
    const sizes = [5, 40 * MIB, 6, 0, MIB, 7, MIB + 1, 300 * KIB, 8];
    const sent = sizes.map((size) => pattern(size));
    for (const [index, data] of sent.entries()) {
      if (index % 2 === 0) owner.socket.sendBinary(data);
      else owner.socket.sendText(data);
    }
    expect(owner.socket.bufferedBytes).toBeGreaterThan(MIB);
    client.tcp.resume();
    const all = await messages(client, sent.length);
    expect(all.map(({ data }) => data.length)).toEqual(sizes);
    expect(all.every(({ data }, index) => data.equals(sent[index] ?? Buffer.alloc(0)))).toBe(true);
    expect(all.map(({ opcode }) => opcode)).toEqual(
      sizes.map((_, index) => (index % 2 === 0 ? OPCODE.binary : OPCODE.text)),
    );
    for (const { data, frames } of all) {
      if (data.length <= MIB) expect(frames).toHaveLength(1);
      else expect(Math.max(...frames)).toBeLessThanOrEqual(256 * KIB);
    }
    expect(await owner.drains.next()).toBe(0);
    expect(owner.socket.sendText('again')).toBe('sent');
    await messages(client, 1);
    expect(owner.drains.all).toEqual([0]);
  });

  it('gets all of a long message before the close frame', async () => {
    const { client, owner } = await pair(driver);
    client.tcp.pause();
    const data = pattern(16 * MIB);
    expect(owner.socket.sendBinary(data)).toBe('buffered');
    owner.socket.close(4000, 'done');
    expect(owner.socket.sendBinary(data)).toBe('closed');
    client.tcp.resume();
    const [message] = await messages(client, 1);
    expect(message?.data.equals(data)).toBe(true);
    expect(await client.frame()).toMatchObject({ opcode: OPCODE.close, payload: closePayload(4000, 'done') });
    expect(await owner.ends.next()).toEqual({ code: 4000, reason: 'done' });
    expect(owner.drains.all).toEqual([]);
  });

  it('that closes in the middle of a message gets its answer, and no more of the message', async () => {
    const { client, owner } = await pair(driver);
    client.tcp.pause();
    owner.socket.sendBinary(Buffer.alloc(32 * MIB));
    const inKernel = 32 * MIB - (await leftOver(owner));
    client.send(clientFrame(OPCODE.ping), clientFrame(OPCODE.close, closePayload(4001, 'enough')));
    await owner.pings.next();
    client.tcp.resume();
    const { frame, before } = await readTo(client, OPCODE.close);
    expect(frame.payload.readUInt16BE(0)).toBe(4001);
    expect(before).toBeLessThanOrEqual(inKernel + AHEAD);
    await client.gone;
    expect(await owner.ends.next()).toEqual({ code: 4001, reason: 'enough' });
    expect(owner.socket.bufferedBytes).toBe(0);
    expect(owner.socket.sendText('x')).toBe('closed');
    expect(owner.drains.all).toEqual([]);
  });

  for (const end of ['before', 'after'] as const) {
    it(`that is lost ${end} the owner closes leaves nothing waiting`, async () => {
      const { client, owner } = await pair(driver);
      client.tcp.pause();
      owner.socket.sendBinary(Buffer.alloc(32 * MIB));
      if (end === 'after') owner.socket.close(1000);
      client.tcp.resetAndDestroy();
      expect((await owner.ends.next()).code).toBe(1006);
      expect(owner.socket.bufferedBytes).toBe(0);
      expect(owner.drains.all).toEqual([]);
    });
  }

  it('can be cut from within a callback, in the middle of a message', async () => {
    const owners = new Owners();
    const listener = await driver.listen({
      onUpgrade: () => ({
        accept: (socket) => {
          const owner = owners.accept(socket);
          return {
            message: () => socket.terminate(),
            closed: (code, reason) => owner.closed(code, reason),
          };
        },
      }),
    });
    const client = await RawClient.upgrade(listener);
    const owner = await owners.next();
    client.tcp.pause();
    owner.socket.sendBinary(Buffer.alloc(32 * MIB));
    client.send(clientFrame(OPCODE.text, 'now'));
    expect((await owner.ends.next()).code).toBe(1006);
    expect(owner.socket.bufferedBytes).toBe(0);
    client.tcp.resume();
    await client.gone;
  });
});

describeDrivers('a message longer than one frame', (driver) => {
  it('is one text to a client, with characters on the borders of its fragments', async () => {
    const owners = new Owners();
    const peer = await Peer.open(await driver.listen(owners));
    const { socket } = await owners.next();
    const text = `x${'€'.repeat(MIB)}`;
    socket.sendText(text);
    socket.sendText('behind it');
    expect((await peer.text()) === text).toBe(true);
    expect(await peer.text()).toBe('behind it');
  });

  it('may be sent from within accept and from within a message', async () => {
    const sent = pattern(3 * MIB);
    const listener = await driver.listen({
      onUpgrade: () => ({
        accept: (socket) => {
          socket.sendBinary(sent);
          return {
            message: () => {
              socket.sendText('first');
              socket.sendBinary(sent);
            },
            closed() {},
          };
        },
      }),
    });
    const peer = await Peer.open(listener);
    expect((await peer.binary()).equals(sent)).toBe(true);
    peer.ws.send('go');
    expect(await peer.text()).toBe('first');
    expect((await peer.binary()).equals(sent)).toBe(true);
  });
});

describeDrivers('a peer that pings and never reads', (driver) => {
  it.runIf(driver.name === 'uws')('costs the library a few MiB, and is cut by the next message', async () => {
    const owners = new Owners();
    const errors = new Inbox<unknown>();
    const client = await RawClient.upgrade(
      await driver.listen({ ...owners, onError: (error) => errors.push(error) }),
    );
    const owner = await owners.next();
    client.tcp.pause();
    const count = 160_000;
    const ping = clientFrame(OPCODE.ping, Buffer.alloc(125));
    client.send(Buffer.alloc(count * ping.length, ping));
    await owner.pings.until((all) => all.length === count);
    expect(owner.socket.bufferedBytes).toBeGreaterThan(4 * MIB);
    expect(owner.socket.bufferedBytes).toBeLessThan(4 * MIB + 1000);
    expect(owner.socket.sendText('x')).toBe('closed');
    expect(errors.all).toMatchObject([{ code: 'send_buffer_overflow' }]);
    expect((await owner.ends.next()).code).toBe(1006);
  });
});
