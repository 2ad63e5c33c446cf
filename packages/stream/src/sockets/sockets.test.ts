import { describe, expect, it } from 'vitest';
import { drivers, TestBed } from '../test-support.js';

describe.each(drivers)('sockets on %s', (driver) => {
  const open = (config: object = {}) => TestBed.open({ config: { driver, ...config } });

  it('joining a group are shown its items in order, then what happens to them', async () => {
    await using bed = await open();
    await bed.set('room', 'b', 1);
    await bed.set('room', 'a', 2);
    const peer = await bed.connect();
    peer.join('chat', 'room');
    expect(await peer.next()).toEqual({
      type: 'stream',
      timestamp: expect.any(Number),
      streamName: 'chat',
      groupId: 'room',
      id: null,
      event: { type: 'sync', data: [1, 2] },
    });
    await bed.set('room', 'c', { text: 'hi' });
    await bed.set('room', 'c', { text: 'ho' });
    await bed.call('stream::delete', { stream_name: 'chat', group_id: 'room', item_id: 'c' });
    await bed.call('stream::delete', { stream_name: 'chat', group_id: 'room', item_id: 'c' });
    await bed.call('stream::send', { stream_name: 'chat', group_id: 'room', type: 'typing', data: null });
    expect(await peer.next()).toMatchObject({ id: 'c', event: { type: 'create', data: { text: 'hi' } } });
    expect(await peer.event()).toEqual({ type: 'update', data: { text: 'ho' } });
    expect(await peer.event()).toEqual({ type: 'delete', data: { text: 'ho' } });
    expect(await peer.next()).toMatchObject({
      id: null,
      event: { type: 'event', event: { type: 'typing', data: null } },
    });
    expect(peer.texts[1]).toMatch(
      /^\{"type":"stream","timestamp":\d+,"streamName":"chat","groupId":"room","id":/,
    );
  });

  it('joining an item hear of it alone', async () => {
    await using bed = await open();
    const peer = await bed.connect();
    peer.join('chat', 'room', 'mine');
    expect(await peer.next()).toMatchObject({ id: 'mine', event: { type: 'sync', data: null } });
    const group = { stream_name: 'chat', group_id: 'room' };
    await bed.set('room', 'other', 1);
    await bed.call('stream::send', { ...group, type: 'all', data: 1 });
    await bed.call('stream::send', { ...group, type: 'mine', data: 1, id: 'mine' });
    await bed.set('room', 'mine', 1);
    expect(await peer.event()).toEqual({ type: 'event', event: { type: 'mine', data: 1 } });
    expect(await peer.event()).toEqual({ type: 'create', data: 1 });
  });

  it('with two subscriptions for one event get it twice', async () => {
    await using bed = await open();
    const peer = await bed.connect();
    peer.join('chat', 'room', undefined, 's1').join('chat', 'room', 'a', 's2');
    await peer.next();
    await peer.next();
    await bed.set('room', 'a', 1);
    expect(await peer.event()).toEqual(await peer.event());
  });

  it('that send what is no message stay open', async () => {
    await using bed = await open();
    const peer = await bed.connect();
    for (const nothing of ['', ' ', 'garbage', '{}', '[1]', '{"type":"join","data":{"streamName":"x"}}'])
      peer.send(nothing);
    peer.send(Buffer.of(0xff, 0, 1)).send(Buffer.from('{"type":"fly","data":{}}'));
    peer.send({ type: 'join', data: { subscriptionId: 's', streamName: '\ud800', groupId: 'g' } });
    peer.send(
      Buffer.from(
        JSON.stringify({ type: 'join', data: { subscriptionId: 's', streamName: 'a', groupId: 'b' } }),
      ),
    );
    expect(await peer.next()).toMatchObject({ streamName: 'a', event: { type: 'sync', data: [] } });
  });

  it('that leave hear nothing more, and may join again', async () => {
    await using bed = await open();
    const peer = await bed.connect();
    peer.join('chat', 'room');
    await peer.next();
    peer.leave('chat', 'room').join('chat', 'other');
    expect((await peer.next()).groupId).toBe('other');
    await bed.set('room', 'a', 1);
    await bed.set('other', 'a', 2);
    expect((await peer.next()).groupId).toBe('other');
  });

  it('keep every digit', async () => {
    await using bed = await open();
    const peer = await bed.connect();
    peer.join('chat', 'room');
    await peer.next();
    const { rawCalls } = await import('iii-sdk/link');
    const { rawFromText } = await import('iii-protocol');
    const payload =
      '{"stream_name":"chat","group_id":"room","item_id":"a","data":{"n":9223372036854775807,"one":1.0}}';
    await rawCalls(bed.app).trigger({ function_id: 'stream::set', payload: rawFromText(payload) });
    await peer.next();
    expect(peer.texts[1]).toContain('"data":{"n":9223372036854775807,"one":1.0}');
  });

  describe('by a path', () => {
    it('follow what it names', async () => {
      await using bed = await open();
      const group = await bed.connect('/stream/chat/a%2Fb');
      const item = await bed.connect('/stream/chat/a%2Fb/%C3%A4');
      expect(await group.next()).toMatchObject({
        groupId: 'a/b',
        id: null,
        event: { type: 'sync', data: [] },
      });
      expect(await item.next()).toMatchObject({
        groupId: 'a/b',
        id: 'ä',
        event: { type: 'sync', data: null },
      });
      await bed.set('a/b', 'ä', 1);
      expect(await group.event()).toEqual(await item.event());
    });

    it('are closed where they may not', async () => {
      await using bed = await open();
      await bed.bind('stream:join', {}, () => ({ unauthorized: true }));
      const peer = await bed.connect('/stream/chat/room');
      const closed = peer.closed();
      expect(await peer.next()).toMatchObject({ groupId: 'room', event: { type: 'unauthorized' } });
      expect(await closed).toEqual({ code: 1008, reason: 'not authorized to join' });
    });

    it.each([
      '/other',
      '/stream',
      '/stream/a',
      '/stream/a/',
      '/stream//b',
      '/stream/a/b/c/d',
      '/stream/a/%ff',
      '/stream/a/b/',
    ])('are refused where nothing is: %s', async (path) => {
      await using bed = await open();
      expect(await bed.refused(path)).toBe(404);
      expect((await fetch(`http://${bed.address}${path}`)).status).toBe(404);
    });
  });

  it('are what the port is for: plain requests are told so', async () => {
    await using bed = await open();
    const response = await fetch(`http://${bed.address}/`);
    expect(response.status).toBe(426);
    expect(await response.json()).toMatchObject({ error: { code: 'UPGRADE_REQUIRED' } });
  });
});
