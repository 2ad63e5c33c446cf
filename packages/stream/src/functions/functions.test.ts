import { rawFromText, textOfRaw } from 'iii-protocol';
import { rawCalls } from 'iii-sdk/link';
import { gate } from 'iii-testing';
import { memoryStores } from 'iii-worker';
import { describe, expect, it } from 'vitest';
import { Inbox, TestBed } from '../test-support.js';

const item = (item_id: string, group_id = 'g') => ({ stream_name: 's', group_id, item_id });

/** Calls with JSON text, and gets JSON text. */
async function raw(bed: TestBed, function_id: string, payload: string): Promise<string | undefined> {
  const result = await rawCalls(bed.app).trigger({ function_id, payload: rawFromText(payload) });
  return result && textOfRaw(result);
}

describe('the functions of streams', () => {
  it('set, get and delete an item', async () => {
    await using bed = await TestBed.open();
    expect(await bed.call('stream::get', item('a'))).toBeUndefined();
    expect(await bed.call('stream::set', { ...item('a'), data: 1 })).toEqual({
      old_value: null,
      new_value: 1,
    });
    expect(await bed.call('stream::set', { ...item('a'), data: 2 })).toEqual({ old_value: 1, new_value: 2 });
    expect(await bed.call('stream::get', item('a'))).toBe(2);
    expect(await bed.call('stream::delete', item('a'))).toEqual({ old_value: 2 });
    expect(await bed.call('stream::delete', item('a'))).toEqual({ old_value: null });
    expect(await bed.call('stream::get', item('a'))).toBeUndefined();
  });

  it('tell an item that is null from one that is not there', async () => {
    await using bed = await TestBed.open();
    const at = '"stream_name":"s","group_id":"g","item_id":"a"';
    expect(await raw(bed, 'stream::get', `{${at}}`)).toBeUndefined();
    await raw(bed, 'stream::set', `{${at},"data":null}`);
    expect(await raw(bed, 'stream::get', `{${at}}`)).toBe('null');
  });

  it('keep every digit, and the order of members', async () => {
    await using bed = await TestBed.open();
    const at = '"stream_name":"s","group_id":"g","item_id":"a"';
    const text = '{"z":9007199254740993,"a":1.0}';
    expect(await raw(bed, 'stream::set', `{${at},"data":${text}}`)).toBe(
      `{"old_value":null,"new_value":${text}}`,
    );
    const ops = '[{"type":"increment","path":"z","by":1}]';
    expect(await raw(bed, 'stream::update', `{${at},"ops":${ops}}`)).toBe(
      `{"old_value":${text},"new_value":{"z":9007199254740994,"a":1.0}}`,
    );
    expect(await raw(bed, 'stream::list', '{"stream_name":"s","group_id":"g"}')).toBe(
      '[{"z":9007199254740994,"a":1.0}]',
    );
  });

  it('list groups and streams, in order', async () => {
    await using bed = await TestBed.open();
    for (const group of ['g2', 'g1']) await bed.call('stream::set', { ...item('a', group), data: 1 });
    expect(await bed.call('stream::list_groups', { stream_name: 's' })).toEqual(['g1', 'g2']);
    expect(await bed.call('stream::list_all', {})).toEqual({
      stream: [{ id: 's', groups: ['g1', 'g2'] }],
      count: 1,
    });
    expect(await bed.call('stream::list', { stream_name: 's', group_id: 'none' })).toEqual([]);
  });

  it('update an item by operations; those that fail are told, and the others count', async () => {
    await using bed = await TestBed.open();
    const update = (ops: unknown[]) => bed.call('stream::update', { ...item('a'), ops });
    expect(await update([])).toEqual({ old_value: null, new_value: {} });
    const ops = [
      { type: 'set', path: '__proto__', value: true },
      { type: 'merge', path: ['deep', 'er'], value: { n: 1 } },
    ];
    expect(await update(ops)).toEqual({
      old_value: {},
      new_value: { deep: { er: { n: 1 } } },
      errors: [{ op_index: 0, code: 'set.path.proto_polluted', message: expect.any(String) }],
    });
  });

  it('count every one of many updates at once', async () => {
    await using bed = await TestBed.open();
    const ops = [{ type: 'increment', path: 'n', by: 1 }];
    await Promise.all(Array.from({ length: 200 }, () => bed.call('stream::update', { ...item('a'), ops })));
    expect(await bed.call('stream::get', item('a'))).toEqual({ n: 200 });
  });

  it('send answers null, and stores nothing', async () => {
    await using bed = await TestBed.open();
    const sent = '{"stream_name":"s","group_id":"g","type":"t","data":1}';
    expect(await raw(bed, 'stream::send', sent)).toBe('null');
    expect(await bed.call('stream::list_all', {})).toEqual({ stream: [], count: 0 });
  });

  it.each([
    ['stream::get', null, 'expected an object, not null'],
    ['stream::list_all', null, 'expected an object, not null'],
    ['stream::get', ['s', 'g', 'a'], 'expected an object, not a list'],
    ['stream::get', { stream_name: 's', group_id: 'g' }, 'item_id is missing'],
    [
      'stream::get',
      { stream_name: 1, group_id: 'g', item_id: 'a' },
      'stream_name is a number, expected a string',
    ],
    ['stream::set', item('a'), 'data is missing'],
    ['stream::set', { ...item('\ud800'), data: 1 }, 'lone surrogate'],
    ['stream::update', item('a'), 'ops is missing'],
    ['stream::update', { ...item('a'), ops: {} }, 'ops'],
    ['stream::update', { ...item('a'), ops: [{ type: 'multiply' }] }, 'multiply'],
    ['stream::update', { ...item('a'), ops: [{ type: 'set', path: ['a'] }] }, 'ops[0].path'],
    ['stream::send', { stream_name: 's', group_id: 'g', data: 1 }, 'type is missing'],
    [
      'stream::send',
      { stream_name: 's', group_id: 'g', type: 't', data: 1, id: 1 },
      'id is a number, expected a string or null',
    ],
  ])('%s of %j fails: %s', async (id, payload, reason) => {
    await using bed = await TestBed.open();
    const { code, message } = await bed.failure(id, payload);
    expect(code).toBe('deserialization_error');
    expect(message).toContain(id);
    expect(message).toContain(reason);
    expect(await bed.call('stream::list_all', {})).toMatchObject({ count: 0 });
  });

  it('fail with the code of what was asked when the store does', async () => {
    const stores = memoryStores();
    await using bed = await TestBed.open({
      storage: () => ({ ...stores, open: () => stores.open({ name: 'main', maxBytes: 300 }) }),
    });
    const events = new Inbox<unknown>();
    await bed.bind('stream', { stream_name: 's' }, events.put);
    const full = await bed.failure('stream::set', { ...item('a'), data: 'x'.repeat(500) });
    expect(full.code).toBe('STREAM_SET_ERROR');
    expect(full.message).toMatch(/budget|bytes|full/i);
    const ops = [{ type: 'set', path: '', value: 'x'.repeat(500) }];
    expect((await bed.failure('stream::update', { ...item('a'), ops })).code).toBe('STREAM_UPDATE_ERROR');
    const long = item('x'.repeat(3000));
    expect((await bed.failure('stream::set', { ...long, data: 1 })).code).toBe('STREAM_SET_ERROR');
    await bed.call('stream::set', { ...item('a'), data: 1 });
    expect(await events.count(1)).toHaveLength(1);
  });

  it('are described, with what they take', async () => {
    await using bed = await TestBed.open();
    const info = await bed.call<{ request_schema: object; response_schema: object }>(
      'engine::functions::info',
      {
        function_id: 'stream::set',
      },
    );
    expect(info.request_schema).toMatchObject({ required: ['stream_name', 'group_id', 'item_id', 'data'] });
    expect(info.response_schema).toMatchObject({ title: 'StreamSetResult' });
  });

  it('answer what has begun when the worker stops', async () => {
    await using bed = await TestBed.open();
    const called = gate();
    const reply = gate<unknown>();
    bed.app.registerFunction('stream::get(slow)', () => {
      called.open();
      return reply.opened;
    });
    const answer = bed.call('stream::get', { stream_name: 'slow', group_id: 'g', item_id: 'a' });
    await called.opened;
    const stopped = bed.stream.stop();
    reply.open('done');
    expect(await answer).toBe('done');
    await stopped;
    expect((await bed.failure('stream::get', item('a'))).code).toBe('function_not_found');
  });
});
