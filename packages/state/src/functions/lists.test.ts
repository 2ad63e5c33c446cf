import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestBed } from '../test-support.js';

let bed: TestBed;

beforeEach(async () => {
  bed = await TestBed.open();
});

afterEach(() => bed[Symbol.asyncDispose]());

interface Page {
  readonly items: ReadonlyArray<{ readonly key: string; readonly value: unknown; readonly version: number }>;
  readonly cursor: string | null;
}

describe('state::list', () => {
  it('gives values in the order their keys were first written', async () => {
    for (const key of ['c', 'a', '10', '2']) await bed.set('s', key, `${key}!`);
    await bed.set('s', 'c', 'again');
    expect(await bed.call('list', { scope: 's' })).toEqual(['again', 'a!', '10!', '2!']);
    expect(await bed.call('list', { scope: 'unknown' })).toEqual([]);
  });

  it('gives keys and versions when it is asked to', async () => {
    await bed.set('s', 'k', null);
    expect(await bed.call('list', { scope: 's', with_keys: true })).toEqual([
      { key: 'k', value: null, version: expect.any(Number) },
    ]);
  });

  it('says where to turn to when it is too much for one message', { timeout: 60_000 }, async () => {
    const value = 'x'.repeat(17 * 1024 * 1024);
    for (const key of ['a', 'b', 'c', 'd']) await bed.set('s', key, value, { return_values: false });
    const { code, message } = await bed.refusal('list', { scope: 's' });
    expect(code).toBe('RESULT_TOO_LARGE');
    expect(message).toContain('state::scan');
  });
});

describe('state::list_groups', () => {
  it('gives scopes once, in the order of their bytes, and those that are empty no more', async () => {
    for (const scope of ['beta', 'alpha', '', 'é', 'z', 'beta']) await bed.set(scope, `${Math.random()}`, 1);
    await bed.set('gone', 'k', 1);
    await bed.call('delete', { scope: 'gone', key: 'k' });
    expect(await bed.call('list_groups', {})).toEqual({ groups: ['', 'alpha', 'beta', 'z', 'é'] });
  });

  it('wants an object', async () => {
    expect(await bed.refusal('list_groups', null)).toMatchObject({ code: 'deserialization_error' });
  });
});

describe('state::scan', () => {
  const scan = (payload: object) => bed.call<Page>('scan', { scope: 's', ...payload });

  it('gives items by key, with a prefix, page by page', async () => {
    for (const key of ['b', 'a/3', 'a/1', 'a/2', 'c']) await bed.set('s', key, key);
    const all = await scan({});
    expect(all.items.map(({ key }) => key)).toEqual(['a/1', 'a/2', 'a/3', 'b', 'c']);
    expect(all.cursor).toBeNull();
    const first = await scan({ prefix: 'a/', limit: 2 });
    expect(first.items).toEqual([
      { key: 'a/1', value: 'a/1', version: expect.any(Number) },
      { key: 'a/2', value: 'a/2', version: expect.any(Number) },
    ]);
    const second = await scan({ prefix: 'a/', limit: 2, cursor: first.cursor });
    expect([second.items.map(({ key }) => key), second.cursor]).toEqual([['a/3'], null]);
  });

  it('has no page behind one that ends exactly at its limit', async () => {
    await bed.set('s', 'a', 1);
    await bed.set('s', 'b', 1);
    expect((await scan({ limit: 2 })).cursor).toBeNull();
    expect((await scan({ scope: 'none' })).items).toEqual([]);
  });

  it('goes on where it was, when the key at its cursor is gone and others have come', async () => {
    for (const key of ['a', 'b', 'd']) await bed.set('s', key, 1);
    const { cursor } = await scan({ limit: 2 });
    await bed.call('delete', { scope: 's', key: 'b' });
    for (const key of ['aa', 'c']) await bed.set('s', key, 1);
    expect((await scan({ cursor })).items.map(({ key }) => key)).toEqual(['c', 'd']);
  });

  it('ends a page early rather than making a message too large', { timeout: 60_000 }, async () => {
    const value = 'x'.repeat(5 * 1024 * 1024);
    for (const key of ['a', 'b', 'c']) await bed.set('s', key, value, { return_values: false });
    const first = await scan({});
    expect(first.items.map(({ key }) => key)).toEqual(['a', 'b']);
    expect((await scan({ cursor: first.cursor })).items.map(({ key }) => key)).toEqual(['c']);
  });

  it.each([['!'], ['YQ'], [Buffer.from('>a').toString('base64')], ['']])(
    'refuses the cursor %j',
    async (cursor) => {
      expect(await bed.refusal('scan', { scope: 's', cursor })).toMatchObject({ code: 'INVALID_CURSOR' });
    },
  );

  it.each([[0], [10_001], ['5'], [1.5]])('refuses a limit of %j', async (limit) => {
    expect(await bed.refusal('scan', { scope: 's', limit })).toMatchObject({ code: 'deserialization_error' });
  });
});
