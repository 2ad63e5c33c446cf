import { once } from 'node:events';
import { expect, it } from 'vitest';
import type { SendOutcome, Socket } from '../types.js';
import { describeDrivers } from './drivers.js';
import { clientFrame, OPCODE } from './frames.js';
import { Inbox } from './inbox.js';
import { Owners } from './owner.js';
import { Peer } from './peer.js';
import { RawClient } from './raw-client.js';

const CHUNK = 256 * 1024;
/** Enough for the kernel buffers of both ends of a loopback connection to be full. */
const MANY = 256;

describeDrivers('a peer that stops reading', (driver) => {
  async function stalled() {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const peer = await Peer.open(listener);
    const owner = await owners.next();
    peer.ws.pause();
    const outcomes: SendOutcome[] = [];
    for (let index = 0; index < MANY; index++) {
      const message = Buffer.alloc(CHUNK);
      message.writeUInt32BE(index);
      outcomes.push(owner.socket.sendBinary(message));
    }
    return { peer, owner, outcomes };
  }

  it('turns sent into buffered, which stays', async () => {
    const { outcomes } = await stalled();
    const first = outcomes.indexOf('buffered');
    expect(first).toBeGreaterThan(0);
    expect(outcomes.slice(0, first)).toEqual(Array(first).fill('sent'));
    expect(outcomes.slice(first)).toEqual(Array(MANY - first).fill('buffered'));
  });

  it('makes bufferedBytes grow by exactly what is sent, within framing', async () => {
    const { owner } = await stalled();
    const { socket } = owner;
    for (let index = 0; index < 20; index++) {
      const before = socket.bufferedBytes;
      socket.sendBinary(Buffer.alloc(100_000));
      const grown = socket.bufferedBytes - before;
      expect(grown).toBeGreaterThanOrEqual(100_000);
      expect(grown).toBeLessThanOrEqual(100_000 + 10);
    }
    const before = socket.bufferedBytes;
    socket.sendText('€'.repeat(1000));
    expect(socket.bufferedBytes - before).toBeGreaterThanOrEqual(3000);
    expect(socket.bufferedBytes - before).toBeLessThanOrEqual(3010);
  });

  it('never has more buffered than was accepted', async () => {
    const { owner, outcomes } = await stalled();
    const buffered = outcomes.filter((outcome) => outcome === 'buffered').length;
    expect(owner.socket.bufferedBytes).toBeGreaterThan((buffered - 1) * CHUNK);
    expect(owner.socket.bufferedBytes).toBeLessThanOrEqual(buffered * (CHUNK + 10));
  });

  it('drains once it reads again, and has lost and reordered nothing', async () => {
    const { peer, owner } = await stalled();
    expect(owner.drains.all).toEqual([]);
    peer.ws.resume();
    expect(await owner.drains.next()).toBe(0);
    await peer.messages.until((all) => all.length === MANY);
    expect(
      peer.messages.all.every(({ data }, index) => data.readUInt32BE() === index && data.length === CHUNK),
    ).toBe(true);
    expect(owner.drains.all).toHaveLength(1);
    expect(owner.socket.sendText('again')).toBe('sent');
    expect(owner.socket.bufferedBytes).toBe(0);
  });

  it('drains every time it was behind', async () => {
    const { peer, owner } = await stalled();
    peer.ws.resume();
    await owner.drains.next();
    peer.ws.pause();
    while (owner.socket.sendBinary(Buffer.alloc(CHUNK)) !== 'buffered');
    peer.ws.resume();
    expect(await owner.drains.next()).toBe(0);
  });

  it('gets no drained when it leaves instead', async () => {
    const { peer, owner } = await stalled();
    peer.ws.terminate();
    expect((await owner.ends.next()).code).toBe(1006);
    expect(owner.drains.all).toEqual([]);
    expect(owner.socket.bufferedBytes).toBe(0);
    expect(owner.socket.sendText('x')).toBe('closed');
  });

  it('can be sent to from within drained', async () => {
    const owners = new Owners();
    const listener = await driver.listen({
      onUpgrade: () => ({
        accept: (socket) => {
          const owner = owners.accept(socket);
          const drained = () => {
            socket.sendText('from drained');
            owner.drained();
          };
          return { message() {}, closed() {}, drained };
        },
      }),
    });
    const peer = await Peer.open(listener);
    const owner = await owners.next();
    peer.ws.pause();
    while (owner.socket.sendBinary(Buffer.alloc(CHUNK)) !== 'buffered');
    peer.ws.resume();
    await owner.drains.next();
    await peer.messages.until((all) => all.some(({ isBinary }) => !isBinary));
  });
});

describeDrivers('a burst larger than the kernel takes', (driver) => {
  const burst = (socket: Socket): SendOutcome => {
    let outcome: SendOutcome = 'sent';
    for (let index = 0; index < MANY; index++) outcome = socket.sendBinary(Buffer.alloc(CHUNK));
    return outcome;
  };

  for (const where of ['accept', 'message', 'drained', 'timer'] as const) {
    it(`arrives whole when it is sent from within ${where}`, async () => {
      const outcomes = new Inbox<SendOutcome>();
      const drains = new Inbox<'drained'>();
      const listener = await driver.listen({
        onUpgrade: () => ({
          accept: (socket) => {
            const send = () => outcomes.push(burst(socket));
            if (where === 'accept') send();
            if (where === 'timer') setImmediate(send);
            return {
              message: () => send(),
              drained: () => {
                drains.push('drained');
                if (where === 'drained' && outcomes.all.length === 1) send();
              },
              closed() {},
            };
          },
        }),
      });
      const peer = await Peer.open(listener);
      if (where === 'message' || where === 'drained') peer.ws.send('go');
      expect(await outcomes.next()).toBe('buffered');
      await drains.next();
      if (where === 'drained') {
        expect(await outcomes.next()).toBe('buffered');
        await drains.next();
      }
      await peer.messages.until((all) => all.length === MANY * outcomes.all.length);
    });
  }
});

describeDrivers('pause', (driver) => {
  it.runIf(driver.name === 'uws')('is not offered and does nothing', async () => {
    const owners = new Owners();
    const peer = await Peer.open(await driver.listen(owners));
    const owner = await owners.next();
    expect(owner.socket.canPause).toBe(false);
    owner.socket.pause();
    peer.ws.send('x');
    await owner.messages.next();
  });

  it.runIf(driver.name === 'node')('holds the peer back, and nothing is lost', async () => {
    const owners = new Owners();
    const client = await RawClient.upgrade(await driver.listen(owners));
    const owner = await owners.next();
    expect(owner.socket.canPause).toBe(true);
    owner.socket.pause();
    const total = 64;
    for (let index = 0; index < total; index++) {
      client.send(clientFrame(OPCODE.binary, Buffer.alloc(1024 * 1024, index)));
    }
    expect(await client.acceptedBytes()).toBeLessThan(24 * 1024 * 1024);
    const early = owner.messages.all.length;
    expect(early).toBeLessThan(2);
    owner.socket.resume();
    await owner.messages.until((all) => all.length === total);
    expect(
      owner.messages.all.every(({ data }, index) => data.length === 1024 * 1024 && data[0] === index),
    ).toBe(true);
  });

  it.runIf(driver.name === 'node')('does not keep a close from completing', async () => {
    const owners = new Owners();
    const peer = await Peer.open(await driver.listen(owners));
    const owner = await owners.next();
    owner.socket.pause();
    owner.socket.close(1000, 'enough');
    await once(peer.ws, 'close');
    expect(await owner.ends.next()).toEqual({ code: 1000, reason: 'enough' });
  });
});
