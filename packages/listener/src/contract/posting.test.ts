import { once } from 'node:events';
import { expect, it } from 'vitest';
import { describeDrivers } from './drivers.js';
import { Owners } from './owner.js';
import { Peer } from './peer.js';

describeDrivers('posted messages', (driver) => {
  async function connected() {
    const owners = new Owners();
    const peer = await Peer.open(await driver.listen(owners));
    return { peer, owner: await owners.next() };
  }

  it('arrive whole and in order, of all lengths, among those that are sent', async () => {
    const { peer, owner } = await connected();
    const texts = [0, 1, 125, 126, 127, 4_000, 8_192, 8_193, 65_535, 65_536].flatMap((length, at) => [
      `${at} `.padEnd(length, '.'),
      `${at} €`,
    ]);
    for (const text of texts) owner.socket.postText(Buffer.from(text));
    owner.socket.sendText('sent');
    for (const text of texts) owner.socket.postText(Buffer.from(text));
    const expected = [...texts, 'sent', ...texts];
    await peer.messages.until((all) => all.length === expected.length);
    expect(peer.messages.all.map(({ data }) => data.toString())).toEqual(expected);
    expect(peer.messages.all.some(({ isBinary }) => isBinary)).toBe(false);
  });

  it('may come in pieces, of any length, and arrive whole', async () => {
    const { peer, owner } = await connected();
    const texts = [['a', 'b'], ['€'.repeat(500_000), 'x'], ['y', 'z'.repeat(3_000_000), '}'], ['one']];
    for (const pieces of texts) {
      owner.socket.postText(Buffer.from('between'));
      owner.socket.sendTextPieces(pieces.map((piece) => Buffer.from(piece)));
    }
    const expected = texts.flatMap((pieces) => ['between', pieces.join('')]);
    await peer.messages.until((all) => all.length === expected.length);
    expect(peer.messages.all.map(({ data }) => data.toString())).toEqual(expected);
    expect(peer.messages.all.some(({ isBinary }) => isBinary)).toBe(false);
    peer.ws.terminate();
    await once(peer.ws, 'close');
    while (owner.socket.sendTextPieces([Buffer.from('late')]) !== 'closed')
      await new Promise((resolve) => setImmediate(resolve));
    expect(owner.socket.sendTextPieces([Buffer.from('late')])).toBe('closed');
  });

  it('reach a peer together', async () => {
    const { peer, owner } = await connected();
    const MANY = 100;
    // What the kernel is given at once, it hands out at once, as long as it fits one read.
    let reads = 0;
    peer.ws.once('message', () => {});
    peer.tcp?.on('data', () => reads++);
    for (let n = 0; n < MANY; n++) owner.socket.postText(Buffer.from(`number ${n}`));
    await peer.messages.until((all) => all.length === MANY);
    expect(reads).toBeGreaterThan(0);
    expect(reads).toBeLessThan(MANY / 10);
  });

  it('arrive as one where they are joined, also when that is long', async () => {
    const { peer, owner } = await connected();
    owner.socket.postText(Buffer.from('before'));
    owner.socket.joinPosted((messages) => Buffer.from(messages.map((each) => Buffer.from(each)).join('+')));
    const long = ['a', 'b', 'c'].map((letter) => letter.repeat(8 * 1024));
    for (const text of ['one', 'two', ...long]) owner.socket.postText(Buffer.from(text));
    owner.socket.sendText('sent');
    owner.socket.postText(Buffer.from('alone'));
    await peer.messages.until((all) => all.length === 4);
    const arrived = peer.messages.all.map(({ data }) => data.toString());
    expect(arrived).toEqual(['before', ['one', 'two', ...long].join('+'), 'sent', 'alone']);
    expect(peer.messages.all.some(({ isBinary }) => isBinary)).toBe(false);
  });

  it('count until they have left, and then do not', async () => {
    const { peer, owner } = await connected();
    expect(owner.socket.postText(Buffer.from('12345'))).toBe('sent');
    expect(owner.socket.bufferedBytes).toBe(5);
    await peer.text();
    expect(owner.socket.bufferedBytes).toBe(0);
  });

  it('come before the close frame', async () => {
    const { peer, owner } = await connected();
    owner.socket.postText(Buffer.from('one'));
    owner.socket.postText(Buffer.from('two'));
    owner.socket.close(4000, 'done');
    expect(await peer.ends.next()).toEqual({ code: 4000, reason: 'done' });
    expect(peer.messages.all.map(({ data }) => data.toString())).toEqual(['one', 'two']);
  });

  it('are lost with the connection, which ends as it would have without them', async () => {
    const { peer, owner } = await connected();
    owner.socket.postText(Buffer.from('never'));
    owner.socket.terminate();
    expect((await owner.ends.next()).code).toBe(1006);
    expect(owner.socket.postText(Buffer.from('never'))).toBe('closed');
    await peer.ends.next();
    expect(peer.messages.all).toEqual([]);
  });

  it('that a peer does not read wait, and drain once it reads again', async () => {
    const { peer, owner } = await connected();
    peer.ws.pause();
    const message = Buffer.alloc(8 * 1024, 'x');
    let posted = 0;
    // In turns, each of which ends: within one turn nothing is known of the kernel.
    while (owner.socket.postText(message) !== 'buffered') {
      if (++posted % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(owner.socket.bufferedBytes).toBeGreaterThan(0);
    peer.ws.resume();
    expect(await owner.drains.next()).toBe(0);
    await peer.messages.until((all) => all.length === posted + 1);
    expect(peer.messages.all.every(({ data }) => data.length === message.length)).toBe(true);
    owner.socket.postText(Buffer.from('again'));
    await peer.messages.until((all) => all.length === posted + 2);
  });

  it('can be closed and forgotten in the turn they were posted in, by either side', async () => {
    const { peer, owner } = await connected();
    peer.ws.close();
    const closed = once(peer.ws, 'close');
    owner.socket.postText(Buffer.from('late'));
    await closed;
    await owner.ends.next();
    expect(owner.socket.bufferedBytes).toBe(0);
  });
});
