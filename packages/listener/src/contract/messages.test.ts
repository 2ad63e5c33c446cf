import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { ListenerError } from '../errors.js';
import { describeDrivers } from './drivers.js';
import { clientFrame, closePayload, frameHead, OPCODE } from './frames.js';
import { Inbox } from './inbox.js';
import { echo, Owners } from './owner.js';
import { Peer } from './peer.js';
import { RawClient } from './raw-client.js';

const MIB = 1024 * 1024;

describeDrivers('messages', (driver) => {
  for (const [label, size] of [
    ['0 bytes', 0],
    ['1 byte', 1],
    ['125 bytes', 125],
    ['126 bytes', 126],
    ['64 KiB - 1', 65535],
    ['64 KiB', 65536],
    ['1 MiB', MIB],
    ['16 MiB', 16 * MIB],
  ] as const) {
    it(`echoes a binary message of ${label}`, async () => {
      const peer = await Peer.open(await driver.listen(echo()));
      const payload = randomBytes(size);
      peer.ws.send(payload);
      expect((await peer.binary()).equals(payload)).toBe(true);
    });

    it(`echoes a text message of ${label}`, async () => {
      const peer = await Peer.open(await driver.listen(echo()));
      const payload = 'x'.repeat(size);
      peer.ws.send(payload);
      // Compared by value of a boolean: a failed comparison must not print 16 MiB.
      expect((await peer.text()) === payload).toBe(true);
    });
  }

  it('echoes multi-byte UTF-8 unchanged', async () => {
    const peer = await Peer.open(await driver.listen(echo()));
    const payload = `ä€𝄞\u0000 \ufeff 日本語 🏳️‍🌈 ${'𝄞'.repeat(40_000)}`;
    peer.ws.send(payload);
    expect((await peer.text()) === payload).toBe(true);
  });

  it('sends text given as a string and as bytes alike', async () => {
    const owners = new Owners();
    const peer = await Peer.open(await driver.listen(owners));
    const { socket } = await owners.next();
    socket.sendText('grüße');
    socket.sendText(Buffer.from('grüße'));
    socket.sendText(new Uint8Array(Buffer.from('..grüße..')).subarray(2, -2));
    expect([await peer.text(), await peer.text(), await peer.text()]).toEqual(['grüße', 'grüße', 'grüße']);
  });

  it('hands over bytes that later messages leave alone', async () => {
    const owners = new Owners();
    const peer = await Peer.open(await driver.listen(owners));
    const owner = await owners.next();
    for (let index = 0; index < 100; index++) peer.ws.send(Buffer.alloc(1000, index));
    await owner.messages.until((all) => all.length === 100);
    for (const [index, { data }] of owner.messages.all.entries()) {
      expect(Buffer.from(data).equals(Buffer.alloc(1000, index))).toBe(true);
    }
  });

  it('keeps the order of 10,000 messages in both directions', async () => {
    const peer = await Peer.open(await driver.listen(echo()));
    for (let index = 0; index < 10_000; index++) peer.ws.send(String(index));
    await peer.messages.until((all) => all.length === 10_000);
    expect(peer.messages.all.every(({ data }, index) => data.toString() === String(index))).toBe(true);
  });

  it('reassembles fragments with pings in between', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const client = await RawClient.upgrade(listener);
    const owner = await owners.next();
    client.send(
      clientFrame(OPCODE.text, 'frag', false),
      clientFrame(OPCODE.ping, 'between'),
      clientFrame(OPCODE.continuation, 'men', false),
      clientFrame(OPCODE.continuation, '', false),
      clientFrame(OPCODE.ping, ''),
      clientFrame(OPCODE.continuation, 'ted €', true),
      clientFrame(OPCODE.binary, Buffer.from([1]), false),
      clientFrame(OPCODE.continuation, Buffer.from([2]), true),
    );
    expect(await owner.messages.next()).toMatchObject({ text: 'fragmented €', isBinary: false });
    const binary = await owner.messages.next();
    expect([...binary.data]).toEqual([1, 2]);
    expect(binary.isBinary).toBe(true);
    expect(await client.frame()).toMatchObject({ opcode: OPCODE.pong, payload: Buffer.from('between') });
    expect(await client.frame()).toMatchObject({ opcode: OPCODE.pong, payload: Buffer.alloc(0) });
  });

  it('accepts a frame that arrives byte by byte', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const client = await RawClient.upgrade(listener);
    for (const byte of clientFrame(OPCODE.text, 'slow')) client.send(Buffer.from([byte]));
    expect((await (await owners.next()).messages.next()).text).toBe('slow');
  });

  it('accepts a character that is cut by a fragment boundary', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const client = await RawClient.upgrade(listener);
    const euro = Buffer.from('€');
    client.send(
      clientFrame(OPCODE.text, euro.subarray(0, 1), false),
      clientFrame(OPCODE.continuation, euro.subarray(1)),
    );
    expect((await (await owners.next()).messages.next()).text).toBe('€');
  });

  it('answers a ping with the same payload and tells the owner', async () => {
    const owners = new Owners();
    const peer = await Peer.open(await driver.listen(owners));
    const owner = await owners.next();
    peer.ws.ping('payload of a ping');
    expect(await peer.pongs.next()).toBe('payload of a ping');
    expect(await owner.pings.next()).toBe('ping');
  });

  it('sends pings and tells the owner of their pongs', async () => {
    const owners = new Owners();
    const peer = await Peer.open(await driver.listen(owners));
    const owner = await owners.next();
    owner.socket.ping(Buffer.from('are you there'));
    owner.socket.ping();
    expect(await peer.pings.next()).toBe('are you there');
    expect(await peer.pings.next()).toBe('');
    await owner.pongs.next();
    await owner.pongs.next();
  });

  it('refuses a ping payload that fits into no control frame', async () => {
    const owners = new Owners();
    await Peer.open(await driver.listen(owners));
    const { socket } = await owners.next();
    expect(() => socket.ping(Buffer.alloc(126))).toThrow(ListenerError);
    socket.ping(Buffer.alloc(125));
  });

  it('closes a socket whose owner throws with 1011, reports it, and keeps the others', async () => {
    const errors = new Inbox<unknown>();
    const ends = new Inbox<number>();
    const listener = await driver.listen({
      onUpgrade: ({ path }) => ({
        accept: (socket) => ({
          message: (data) => {
            if (path === '/bad') throw new Error('handler is broken');
            socket.sendText(data);
          },
          closed: (code) => ends.push(code),
        }),
      }),
      onError: (error) => errors.push(error),
    });
    const bad = await Peer.open(listener, '/bad');
    const good = await Peer.open(listener, '/good');
    bad.ws.send('x');
    expect((await bad.ends.next()).code).toBe(1011);
    expect(await ends.next()).toBe(1011);
    expect(await errors.next()).toMatchObject({ message: 'handler is broken' });
    good.ws.send('still here');
    expect(await good.text()).toBe('still here');
  });

  it('turns an error nobody asked for into a process warning', async () => {
    const warnings = new Inbox<Error>();
    const record = (warning: Error) => warnings.push(warning);
    process.on('warning', record);
    try {
      const listener = await driver.listen({
        onUpgrade: () => ({
          accept: () => ({
            message: () => {
              throw new Error('nobody listens to me');
            },
            closed() {},
          }),
        }),
      });
      const peer = await Peer.open(listener);
      peer.ws.send('x');
      await warnings.until((all) => all.some(({ message }) => message === 'nobody listens to me'));
    } finally {
      process.off('warning', record);
    }
  });

  it('reports an owner that throws from any of its events', async () => {
    const errors = new Inbox<unknown>();
    const fail = (what: string) => () => {
      throw new Error(what);
    };
    const listener = await driver.listen({
      onUpgrade: () => ({ accept: () => ({ message() {}, ping: fail('ping'), closed: fail('closed') }) }),
      onError: (error) => errors.push(error),
    });
    const peer = await Peer.open(listener);
    peer.ws.ping();
    expect(await errors.next()).toMatchObject({ message: 'ping' });
    expect(await errors.next()).toMatchObject({ message: 'closed' });
    expect((await peer.ends.next()).code).toBe(1011);
  });
});

describeDrivers('message limits', (driver) => {
  it('a message at the limit passes, one over it closes the socket with 1009', async () => {
    const owners = new Owners();
    const listener = await driver.listen({ ...owners, onUpgrade: owners.onUpgrade, maxMessageBytes: 1000 });
    const peer = await Peer.open(listener);
    const owner = await owners.next();
    peer.ws.send(Buffer.alloc(1000));
    expect((await owner.messages.next()).data).toHaveLength(1000);
    peer.ws.send(Buffer.alloc(1001));
    expect((await peer.ends.next()).code).toBe(1009);
    expect((await owner.ends.next()).code).toBe(1009);
    expect(owner.messages.all).toHaveLength(1);
  });

  it('counts the sum of the fragments', async () => {
    const owners = new Owners();
    const listener = await driver.listen({ onUpgrade: owners.onUpgrade, maxMessageBytes: 1000 });
    const client = await RawClient.upgrade(listener);
    const owner = await owners.next();
    client.send(
      clientFrame(OPCODE.binary, Buffer.alloc(600), false),
      clientFrame(OPCODE.continuation, Buffer.alloc(600), true),
    );
    const { opcode, payload } = await client.frame();
    expect(opcode).toBe(OPCODE.close);
    expect(payload.readUInt16BE(0)).toBe(1009);
    expect((await owner.ends.next()).code).toBe(1009);
  });

  it('does not wait for a message that announces a size far beyond the limit', async () => {
    const owners = new Owners();
    const listener = await driver.listen({ onUpgrade: owners.onUpgrade, maxMessageBytes: 1000 });
    const client = await RawClient.upgrade(listener);
    const owner = await owners.next();
    client.send(frameHead(OPCODE.binary, 2 ** 40), Buffer.alloc(4 + 10));
    expect((await owner.ends.next()).code).toBe(1009);
  });

  it('text that is not UTF-8 ends the connection, and the owner sees 1007', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const client = await RawClient.upgrade(listener);
    const owner = await owners.next();
    client.send(clientFrame(OPCODE.text, Buffer.from([0x61, 0xff, 0xfe])));
    expect((await owner.ends.next()).code).toBe(1007);
    expect(owner.messages.all).toEqual([]);
    if (driver.name === 'node') {
      expect(await client.frame()).toMatchObject({ opcode: OPCODE.close });
    } else {
      // uWebSockets.js cuts the connection without a close frame.
      await client.gone;
      expect(client.pending).toHaveLength(0);
    }
  });

  it('a frame that breaks the protocol ends this socket and no other', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const healthy = await Peer.open(listener);
    const healthyOwner = await owners.next();
    const client = await RawClient.upgrade(listener);
    const owner = await owners.next();
    client.send(clientFrame(OPCODE.continuation, 'continues nothing'));
    expect([1002, 1006]).toContain((await owner.ends.next()).code);
    healthy.ws.send('x');
    expect((await healthyOwner.messages.next()).text).toBe('x');
  });

  it('a close frame with a code that must not be sent ends this socket', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const client = await RawClient.upgrade(listener);
    const owner = await owners.next();
    client.send(clientFrame(OPCODE.close, closePayload(1006)));
    expect([1002, 1006]).toContain((await owner.ends.next()).code);
  });
});
