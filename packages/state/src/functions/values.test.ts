import { LIMITS } from 'iii-protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestBed } from '../test-support.js';

let bed: TestBed;

beforeEach(async () => {
  bed = await TestBed.open();
});

afterEach(() => bed[Symbol.asyncDispose]());

describe('state::set', () => {
  it('answers with what was there and what is there now', async () => {
    expect(await bed.set('users', 'u1', { name: 'Ada' })).toEqual({
      old_value: null,
      new_value: { name: 'Ada' },
    });
    expect(await bed.set('users', 'u1', 2)).toEqual({ old_value: { name: 'Ada' }, new_value: 2 });
  });

  it('takes data for value, null for a value, and any text for names', async () => {
    expect(await bed.call('set', { scope: '', key: '', data: 1 })).toEqual({ old_value: null, new_value: 1 });
    expect(await bed.text('set', '{"scope":" s","key":"\\u0000","value":null}')).toBe(
      '{"old_value":null,"new_value":null}',
    );
    expect(await bed.get('', '')).toBe(1);
    expect(await bed.text('get', '{"scope":" s","key":"\\u0000"}')).toBe('null');
  });

  it('keeps every digit and the order of members', async () => {
    const value = '{"z":18446744073709551615,"a":-9223372036854775808,"10":1.0,"2":1e400}';
    await bed.text('set', `{"scope":"s","key":"k","value":${value}}`);
    expect(await bed.text('get', '{"scope":"s","key":"k"}')).toBe(value);
    expect(await bed.text('set', '{"scope":"s","key":"k","value":0}')).toBe(
      `{"old_value":${value},"new_value":0}`,
    );
  });

  it('keeps members whose names mean something to JavaScript', async () => {
    const value = '{"__proto__":{"a":1},"constructor":2}';
    await bed.text('set', `{"scope":"__proto__","key":"constructor","value":${value}}`);
    expect(await bed.text('get', '{"scope":"__proto__","key":"constructor"}')).toBe(value);
    expect(await bed.call('list_groups', {})).toEqual({ groups: ['__proto__'] });
  });

  it('tells the version, and leaves the values out, when it is asked to', async () => {
    const first = await bed.set('s', 'k', 'x', { with_version: true });
    expect(first).toEqual({ old_value: null, new_value: 'x', version: expect.any(Number) });
    expect(await bed.set('s', 'k', 'y', { return_values: false })).toEqual({});
    const { version } = first as { version: number };
    const third = await bed.set('s', 'k', 'z', { return_values: false, with_version: true });
    expect(third).toEqual({ version: expect.any(Number) });
    expect((third as { version: number }).version).toBeGreaterThan(version);
  });

  it.each([
    [{ scope: 's', key: 'k' }, 'value: expected any JSON value, it is missing'],
    [{ scope: 's', value: 1 }, 'key: expected a string, it is missing'],
    [{ scope: 1, key: 'k', value: 1 }, 'scope: expected a string, found 1'],
    [{ scope: null, key: 'k', value: 1 }, 'scope: expected a string, found null'],
    [{ scope: 's', key: 'k', value: 1, data: 1 }, 'give value or data'],
    [{ scope: 's', key: 'k', value: 1, ttl_ms: 0 }, 'ttl_ms: expected an integer from 1 to'],
    [
      { scope: 's', key: 'k', value: 1, with_version: 'yes' },
      'with_version: expected true or false, found "yes"',
    ],
    [null, 'expected an object, found null'],
    ['s', 'expected an object, found "s"'],
  ])('refuses %j', async (payload, reason) => {
    const { code, message } = await bed.refusal('set', payload);
    expect(code).toBe('deserialization_error');
    expect(message).toContain('state::set');
    expect(message).toContain(reason);
    expect(await bed.call('list_groups', {})).toEqual({ groups: [] });
  });

  it('takes names of 1971 bytes together, and says what is wrong with longer ones', async () => {
    const key = 'é'.repeat(985);
    await bed.set('s', key, 1);
    expect(await bed.get('s', key)).toBe(1);
    const { code, message } = await bed.refusal('set', { scope: 'ss', key, value: 1 });
    expect(code).toBe('SET_ERROR');
    expect(message).toContain('KEY_TOO_LONG');
    expect(message).toContain('use shorter names');
    expect(await bed.call('list_groups', {})).toEqual({ groups: ['s'] });
  });
});

describe('values that are large', () => {
  it('are refused beyond max_value_bytes, counted as compact UTF-8 text', async () => {
    await bed.state.reconfigure?.({ ...(await config()), max_value_bytes: 8 });
    await bed.set('s', 'k', '123456');
    await bed.set('s', 'k', 'éé12');
    await bed.text('set', '{"scope":"s","key":"k","value":  [ 1,  2,   3 ] }');
    const events = await bed.watch({});
    const { code, message } = await bed.refusal('set', { scope: 's', key: 'k', value: '1234567' });
    expect(code).toBe('VALUE_TOO_LARGE');
    expect(message).toContain('9 bytes is larger than the 8');
    expect(await bed.get('s', 'k')).toEqual([1, 2, 3]);
    expect(await bed.refusal('set', { scope: 's', key: 'k', value: 'ééé1' })).toMatchObject({ code });
    const ops = [{ type: 'append', value: 44_444 }];
    expect(await bed.refusal('update', { scope: 's', key: 'k', ops })).toMatchObject({ code });
    expect(await bed.get('s', 'k')).toEqual([1, 2, 3]);
    expect(events.events).toEqual([]);
  });

  it('are not written when the answer could not carry both of them', { timeout: 60_000 }, async () => {
    const half = 'x'.repeat(LIMITS.maxMessageBytes / 2);
    await bed.set('s', 'k', half, { return_values: false });
    expect(await bed.refusal('set', { scope: 's', key: 'k', value: half })).toMatchObject({
      code: 'RESULT_TOO_LARGE',
      message: expect.stringContaining('return_values false'),
    });
    expect(await bed.set('s', 'k', half, { return_values: false })).toEqual({});
  });

  async function config() {
    const { StateConfig } = await import('../config.js');
    const { readConfig } = await import('iii-worker');
    return readConfig('iii-state', StateConfig, {});
  }
});

describe('state::get', () => {
  it('tells nothing from null', async () => {
    expect(await bed.get('s', 'k')).toBeUndefined();
    await bed.set('s', 'k', null);
    expect(await bed.text('get', '{"scope":"s","key":"k"}')).toBe('null');
  });

  it('gives the version with the value when it is asked to', async () => {
    await bed.set('s', 'k', [1]);
    expect(await bed.call('get', { scope: 's', key: 'k', with_version: true })).toEqual({
      value: [1],
      version: expect.any(Number),
    });
    expect(await bed.call('get', { scope: 's', key: 'none', with_version: true })).toBeUndefined();
  });

  it('sees what the same caller has written before, without an answer', async () => {
    const call = { function_id: 'state::set', payload: { scope: 's', key: 'k', value: 1 } };
    await bed.app.trigger({ ...call, action: { type: 'void' } });
    expect(await bed.get('s', 'k')).toBe(1);
  });
});

describe('state::delete', () => {
  it('gives what was there, and tells nothing from null', async () => {
    expect(await bed.call('delete', { scope: 's', key: 'k' })).toBeUndefined();
    await bed.set('s', 'k', { a: 1 });
    expect(await bed.call('delete', { scope: 's', key: 'k' })).toEqual({ a: 1 });
    await bed.set('s', 'k', null);
    expect(await bed.text('delete', '{"scope":"s","key":"k"}')).toBe('null');
    expect(await bed.get('s', 'k')).toBeUndefined();
  });

  it('gives every value to exactly one of many who delete it at once', async () => {
    await bed.set('s', 'k', 1);
    const results = await Promise.all(
      Array.from({ length: 10 }, () => bed.call('delete', { scope: 's', key: 'k' })),
    );
    expect(results.filter((result) => result === 1)).toHaveLength(1);
    expect(results.filter((result) => result === undefined)).toHaveLength(9);
  });
});

describe('state::update', () => {
  it('applies operations, and tells of those it could not', async () => {
    await bed.set('s', 'k', { n: 1, sibling: true });
    const ops = [
      { type: 'increment', path: 'n', by: 2 },
      { type: 'set', path: '__proto__', value: 1 },
    ];
    expect(await bed.call('update', { scope: 's', key: 'k', ops, with_version: true })).toEqual({
      old_value: { n: 1, sibling: true },
      new_value: { n: 3, sibling: true },
      version: expect.any(Number),
      errors: [
        { op_index: 1, code: 'set.path.proto_polluted', message: expect.stringContaining('__proto__') },
      ],
    });
  });

  it('counts beyond what JavaScript can', async () => {
    await bed.text('set', '{"scope":"s","key":"k","value":{"n":9223372036854775806}}');
    const payload = '{"scope":"s","key":"k","ops":[{"type":"increment","path":"n","by":2}]}';
    expect(await bed.text('update', payload)).toBe(
      '{"old_value":{"n":9223372036854775806},"new_value":{"n":9223372036854775808}}',
    );
  });

  it('counts every one of many increments at once', async () => {
    const ops = [{ type: 'increment', path: 'n', by: 1 }];
    await Promise.all(Array.from({ length: 500 }, () => bed.call('update', { scope: 's', key: 'k', ops })));
    expect(await bed.get('s', 'k')).toEqual({ n: 500 });
  });

  it.each([
    [undefined, 'ops: expected an array of operations, found nothing'],
    [{}, 'ops: expected an array'],
    [[{ type: 'multiply' }], 'ops[0].type: expected one of set, merge'],
    [[{ type: 'increment', path: 'n', by: 1.5 }], 'ops[0].by: expected an integer'],
    [[{ type: 'set', path: ['a'] }], 'ops[0].path: expected a string'],
  ])('refuses ops of %j and does nothing', async (ops, reason) => {
    const { code, message } = await bed.refusal('update', { scope: 's', key: 'k', ops });
    expect(code).toBe('deserialization_error');
    expect(message).toContain('state::update');
    expect(message).toContain(reason);
    expect(await bed.get('s', 'k')).toBeUndefined();
  });
});

describe('state::compare_and_set', () => {
  it('stores over the version it was given, and over no other', async () => {
    const swap = (version: number, value: unknown) =>
      bed.call<{ swapped: boolean; version: number; value: unknown }>('compare_and_set', {
        ...{ scope: 's', key: 'k' },
        version,
        value,
      });
    expect(await swap(7, 'x')).toEqual({ swapped: false, version: 0, value: null });
    const first = await swap(0, 'a');
    expect(first).toEqual({ swapped: true, version: expect.any(Number), value: 'a' });
    expect(await swap(0, 'b')).toEqual({ swapped: false, version: first.version, value: 'a' });
    const second = await swap(first.version, 'c');
    expect(second).toMatchObject({ swapped: true, value: 'c' });
    expect(await swap(first.version, 'd')).toEqual({ ...second, swapped: false });
  });

  it('lets one of many win', async () => {
    const payload = (value: number) => ({ scope: 's', key: 'lock', version: 0, value });
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) => bed.call<{ swapped: boolean }>('compare_and_set', payload(n))),
    );
    expect(results.filter(({ swapped }) => swapped)).toHaveLength(1);
  });

  it('is heard of only when it stores', async () => {
    const events = await bed.watch({});
    await bed.call('compare_and_set', { scope: 's', key: 'k', version: 1, value: 1 });
    await bed.call('compare_and_set', { scope: 's', key: 'k', version: 0, value: 2 });
    expect(await events.count(1)).toMatchObject([{ event_type: 'state:created', new_value: 2 }]);
  });
});
