import { gate } from 'iii-testing';
import { describe, expect, it } from 'vitest';
import { type Envelope, Inbox, TestBed } from '../test-support.js';

const item = (item_id: string, group_id = 'g', stream_name = 's') => ({ stream_name, group_id, item_id });

describe('functions bound to a stream', () => {
  it('are called with what has happened, and the metadata of the trigger', async () => {
    await using bed = await TestBed.open();
    const calls = new Inbox<[Envelope, unknown]>();
    await bed.bind(
      'stream',
      { stream_name: 's' },
      (event: Envelope, metadata: unknown) => calls.put([event, metadata]),
      {
        metadata: { by: 'me' },
      },
    );
    await bed.call('stream::set', { ...item('a'), data: 1 });
    await bed.call('stream::update', { ...item('a'), ops: [{ type: 'set', path: '', value: 2 }] });
    await bed.call('stream::delete', item('a'));
    await bed.call('stream::delete', item('a'));
    await bed.call('stream::send', { stream_name: 's', group_id: 'g', type: 'typing', data: [1] });
    await calls.count(4);
    const [first] = calls.items;
    expect(first).toEqual([
      {
        type: 'stream',
        timestamp: expect.any(Number),
        streamName: 's',
        groupId: 'g',
        id: 'a',
        event: { type: 'create', data: 1 },
      },
      { by: 'me' },
    ]);
    const rest = calls.items.map(([{ id, event }]) => ({ id, event }));
    // The one about the group is in a lane of its own.
    expect(rest.filter(({ id }) => id === 'a').map(({ event }) => event)).toEqual([
      { type: 'create', data: 1 },
      { type: 'update', data: 2 },
      { type: 'delete', data: 2 },
    ]);
    expect(rest.filter(({ id }) => id === null)).toEqual([
      { id: null, event: { type: 'event', event: { type: 'typing', data: [1] } } },
    ]);
  });

  it.each([
    [{ stream_name: 's' }, ['a', 'b', 'a', null]],
    [{ stream_name: 's', group_id: '', item_id: null }, ['a', 'b', 'a', null]],
    [{ stream_name: 's', group_id: 'g' }, ['a', 'b', null]],
    [{ stream_name: 's', item_id: 'a' }, ['a', 'a']],
    [{ stream_name: 's', group_id: 'h', item_id: 'a', other: 1 }, ['a']],
    [{ stream_name: '' }, []],
  ])('with config %j hear of %j', async (config, expected) => {
    await using bed = await TestBed.open();
    const events = new Inbox<string | null>();
    const all = new Inbox<unknown>();
    await bed.bind('stream', config, ({ id }: Envelope) => events.put(id));
    await bed.bind('stream', { stream_name: 'last' }, all.put);
    for (const [id, group] of [
      ['a', 'g'],
      ['b', 'g'],
      ['a', 'h'],
    ])
      await bed.call('stream::set', { ...item(id ?? '', group), data: 1 });
    await bed.call('stream::set', { ...item('a', 'g', 'other'), data: 1 });
    await bed.call('stream::send', { stream_name: 's', group_id: 'g', type: 't', data: 1 });
    await bed.call('stream::set', { ...item('a', 'g', 'last'), data: 1 });
    await all.count(1);
    await events.count(expected.length);
    expect(events.items).toEqual(expected);
  });

  it.each([
    [false, 0],
    [null, 0],
    [undefined, 0],
    [0, 0],
    ['', 0],
    ['false', 1],
    [{}, 1],
    [true, 1],
  ])('with a condition that returns %j are called %i times', async (result, times) => {
    await using bed = await TestBed.open();
    const asked = new Inbox<Envelope>();
    const called = new Inbox<unknown>();
    bed.app.registerFunction('condition', (event: Envelope) => {
      asked.put(event);
      return result;
    });
    await bed.bind('stream', { stream_name: 's', condition_function_id: 'condition' }, called.put);
    await bed.call('stream::set', { ...item('a'), data: 1 });
    // What was to be called has been when the worker has stopped.
    await bed.stream.stop();
    expect(asked.items.map(({ event }) => event)).toEqual([{ type: 'create', data: 1 }]);
    expect(called.items).toHaveLength(times);
  });

  it('that fail, or whose condition does, are logged and stop nobody', async () => {
    await using bed = await TestBed.open();
    const called = new Inbox<unknown>();
    await bed.bind('stream', { stream_name: 's' }, () => Promise.reject(new Error('not today')));
    await bed.bind('stream', { stream_name: 's', condition_function_id: 'missing' }, called.put);
    const last = new Inbox<unknown>();
    await bed.bind('stream', { stream_name: 's' }, last.put);
    await bed.call('stream::set', { ...item('a'), data: 1 });
    await last.count(1);
    await bed.stream.stop();
    expect(called.items).toEqual([]);
    expect(bed.log.messages('error')).toEqual(
      Array(2).fill('a function bound to a stream failed, or its condition did'),
    );
  });

  it('hear of one item in order, one at a time, while others pass by', async () => {
    await using bed = await TestBed.open();
    const held = gate();
    const calls = new Inbox<unknown>();
    await bed.bind('stream', { stream_name: 's' }, async ({ id, event }: Envelope) => {
      calls.put([id, event.data]);
      if (event.data === 1) await held.opened;
    });
    for (const data of [1, 2, 3]) await bed.call('stream::set', { ...item('a'), data });
    await bed.call('stream::set', { ...item('b'), data: 4 });
    expect(await calls.count(2)).toEqual([
      ['a', 1],
      ['b', 4],
    ]);
    held.open();
    expect(await calls.count(4)).toEqual([
      ['a', 1],
      ['b', 4],
      ['a', 2],
      ['a', 3],
    ]);
  });

  it('do not hold the writer up, nor another binding', async () => {
    await using bed = await TestBed.open();
    const held = gate();
    await bed.bind('stream', { stream_name: 's' }, () => held.opened);
    const calls = new Inbox<unknown>();
    await bed.bind('stream', { stream_name: 's' }, calls.put);
    await bed.call('stream::set', { ...item('a'), data: 1 });
    await calls.count(1);
    held.open();
  });

  it('hear nothing any more once they are unbound', async () => {
    await using bed = await TestBed.open();
    const calls = new Inbox<unknown>();
    const others = new Inbox<unknown>();
    const bound = await bed.bind('stream', { stream_name: 's' }, calls.put);
    await bed.bind('stream', { stream_name: 's' }, others.put);
    await bound.unregister();
    await bed.call('stream::set', { ...item('a'), data: 1 });
    await others.count(1);
    expect(calls.items).toEqual([]);
  });

  it.each([
    [null, 'config is null, expected an object'],
    ['s', 'config is "s", expected an object'],
    [['s'], 'config is ["s"], expected an object'],
    [{}, 'stream_name is missing'],
    [{ group_id: 'g' }, 'stream_name is missing'],
    [{ stream_name: null }, 'stream_name is null, expected a string'],
    [{ stream_name: 's', group_id: 1 }, 'group_id is 1, expected a string'],
    [{ stream_name: 's', condition_function_id: {} }, 'condition_function_id is {}, expected a string'],
  ])('with config %j are refused: %s', async (config, reason) => {
    await using bed = await TestBed.open();
    expect(await bed.refusal('stream', config)).toContain(reason);
  });
});
