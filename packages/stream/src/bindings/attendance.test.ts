import { gate } from 'iii-testing';
import { describe, expect, it } from 'vitest';
import { Inbox, TestBed } from '../test-support.js';

interface Attended {
  readonly subscription_id: string;
  readonly stream_name: string;
  readonly group_id: string;
  readonly id: string | null;
  readonly context: unknown;
}

describe('functions bound to joining', () => {
  it('are asked before a socket joins, with its context', async () => {
    await using bed = await TestBed.open({ config: { auth_function: 'auth' } });
    bed.app.registerFunction('auth', () => ({ context: { user: 'u1' } }));
    const joins = new Inbox<Attended>();
    await bed.bind('stream:join', {}, joins.put);
    const peer = await bed.connect();
    peer.join('chat', 'room', 'm1');
    expect(await peer.event()).toEqual({ type: 'sync', data: null });
    expect(joins.items).toEqual([
      { subscription_id: 's1', stream_name: 'chat', group_id: 'room', id: 'm1', context: { user: 'u1' } },
    ]);
  });

  it('may refuse; all are asked all the same, and the socket stays', async () => {
    await using bed = await TestBed.open();
    const joins = new Inbox<Attended>();
    await bed.bind('stream:join', null, ({ group_id }: Attended) => ({
      unauthorized: group_id === 'secret',
    }));
    await bed.bind('stream:join', {}, joins.put);
    const peer = await bed.connect();
    peer.join('chat', 'secret', 'a').join('chat', 'open');
    expect(await peer.next()).toEqual({
      type: 'stream',
      timestamp: expect.any(Number),
      streamName: 'chat',
      groupId: 'secret',
      id: 'a',
      event: { type: 'unauthorized' },
    });
    expect((await peer.next()).groupId).toBe('open');
    expect(joins.items.map(({ group_id, id, context }) => [group_id, id, context])).toEqual([
      ['secret', 'a', null],
      ['open', null, null],
    ]);
    await bed.set('secret', 'a', 1);
    await bed.set('open', 'a', 1);
    expect((await peer.next()).groupId).toBe('open');
  });

  it.each([
    [{}],
    [null],
    [undefined],
    ['no'],
    [{ unauthorized: 'yes' }],
    [{ unauthorized: false }],
    [[true]],
  ])('that return %j let it join', async (result) => {
    await using bed = await TestBed.open();
    await bed.bind('stream:join', {}, () => result);
    const peer = await bed.connect();
    peer.join('chat', 'room');
    expect((await peer.event()).type).toBe('sync');
  });

  it.each([
    [false, 'unauthorized'],
    [true, 'sync'],
  ])('that fail, with fail_open %s: %s', async (fail_open, type) => {
    await using bed = await TestBed.open({ config: { fail_open } });
    await bed.bind('stream:join', {}, () => Promise.reject(new Error('database down')));
    const peer = await bed.connect();
    peer.join('chat', 'room');
    expect((await peer.event()).type).toBe(type);
    expect(bed.log.messages('error')).toEqual(['a function bound to stream:join failed']);
  });

  it('that hang are not waited for longer than join_timeout', async () => {
    await using bed = await TestBed.open({ config: { limits: { join_timeout: 50 } } });
    await bed.bind('stream:join', {}, () => new Promise(() => {}));
    const peer = await bed.connect();
    peer.join('chat', 'room');
    expect((await peer.event()).type).toBe('unauthorized');
  });

  it('are only asked of their stream, and when their condition holds', async () => {
    await using bed = await TestBed.open();
    const joins = new Inbox<string>();
    bed.app.registerFunction('in::room', ({ group_id }: Attended) => group_id === 'room');
    await bed.bind('stream:join', { stream_name: 'chat' }, () => joins.put('chat'));
    await bed.bind('stream:join', { condition_function_id: 'in::room' }, () => joins.put('room'));
    const peer = await bed.connect();
    peer.join('chat', 'hall').join('news', 'room').join('news', 'hall');
    for (let n = 0; n < 3; n++) await peer.next();
    expect(joins.items).toEqual(['chat', 'room']);
  });

  it.each([
    ['stream:join', 'x', 'config is "x", expected an object'],
    ['stream:leave', { stream_name: 5 }, 'stream_name is 5, expected a string'],
  ])('of type %s with config %j are refused: %s', async (type, config, reason) => {
    await using bed = await TestBed.open();
    expect(await bed.refusal(type, config)).toContain(reason);
  });
});

describe('functions bound to leaving', () => {
  it('hear of a leave, also of one that was never joined', async () => {
    await using bed = await TestBed.open();
    const left = new Inbox<Attended>();
    await bed.bind('stream:leave', {}, left.put);
    const peer = await bed.connect();
    peer.join('chat', 'room', 'a').leave('lies', 'lies').leave('other', 'group', 's9');
    await left.count(2);
    expect(
      left.items.map(({ subscription_id, stream_name, group_id, id }) => [
        subscription_id,
        stream_name,
        group_id,
        id,
      ]),
    ).toEqual([
      ['s1', 'chat', 'room', 'a'],
      ['s9', 'other', 'group', null],
    ]);
  });

  it('hear of each subscription of a socket that closes', async () => {
    await using bed = await TestBed.open();
    const left = new Inbox<string>();
    await bed.bind('stream:leave', {}, ({ subscription_id }: Attended) => left.put(subscription_id));
    const peer = await bed.connect();
    peer.join('chat', 'room', undefined, 's1').join('chat', 'room', 'a', 's2');
    await peer.next();
    await peer.next();
    peer.socket.close();
    expect((await left.count(2)).toSorted()).toEqual(['s1', 's2']);
  });

  it('hear of who was let in, but was gone by then', async () => {
    await using bed = await TestBed.open();
    const asked = gate();
    const decided = gate();
    const left = new Inbox<string>();
    await bed.bind('stream:join', {}, () => {
      asked.open();
      return decided.opened;
    });
    await bed.bind('stream:leave', {}, ({ group_id }: Attended) => left.put(group_id));
    const peer = await bed.connect();
    peer.join('chat', 'room');
    await asked.opened;
    peer.socket.terminate();
    decided.open();
    expect(await left.count(1)).toEqual(['room']);
  });

  it('hear of the place that a subscription is moved from, but not of one that is renewed', async () => {
    await using bed = await TestBed.open();
    const left = new Inbox<string>();
    await bed.bind('stream:leave', {}, ({ group_id }: Attended) => left.put(group_id));
    const peer = await bed.connect();
    peer.join('chat', 'a').join('chat', 'a').join('chat', 'b');
    for (let n = 0; n < 3; n++) await peer.next();
    expect(left.items).toEqual(['a']);
    await bed.set('a', 'x', 1);
    await bed.set('b', 'x', 1);
    expect((await peer.next()).groupId).toBe('b');
  });

  it('may fail without consequences', async () => {
    await using bed = await TestBed.open();
    await bed.bind('stream:leave', {}, () => Promise.reject(new Error('no')));
    const peer = await bed.connect();
    peer.join('chat', 'a').leave('chat', 'a').join('chat', 'b');
    await peer.next();
    expect((await peer.next()).groupId).toBe('b');
  });
});
