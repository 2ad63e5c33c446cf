import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestBed } from '../test-support.js';

let bed: TestBed;

beforeEach(async () => {
  bed = await TestBed.open();
});

afterEach(() => bed[Symbol.asyncDispose]());

interface Outcome {
  readonly committed: boolean;
  readonly results?: ReadonlyArray<Readonly<Record<string, unknown>>>;
  readonly conflict?: { readonly index: number; readonly version: number };
}

const transaction = (...operations: object[]) => bed.call<Outcome>('transaction', { operations });
const a = { scope: 'accounts', key: 'a' };
const b = { scope: 'accounts', key: 'b' };
const version = expect.any(Number);

describe('state::transaction', () => {
  it('does several things on several keys, in order, and tells what came of each', async () => {
    await bed.call('set', { ...a, value: 10 });
    const outcome = await transaction(
      { type: 'get', ...b },
      { type: 'update', ...a, ops: [{ type: 'decrement', path: '', by: 3 }] },
      { type: 'set', ...b, value: 3 },
      { type: 'get', ...b },
      { type: 'set', scope: 'log', key: '1', value: { moved: 3 } },
      { type: 'delete', scope: 'log', key: '0' },
    );
    expect(outcome).toEqual({
      committed: true,
      results: [
        { value: null, version: 0 },
        { old_value: 10, new_value: 7, version },
        { old_value: null, new_value: 3, version },
        { value: 3, version },
        { old_value: null, new_value: { moved: 3 }, version },
        { old_value: null },
      ],
    });
    expect(await bed.call('list', { scope: 'accounts' })).toEqual([7, 3]);
  });

  it('does nothing when a check does not hold, and tells which and what is there', async () => {
    const { version: there } = await bed.call<{ version: number }>('set', {
      ...a,
      value: 1,
      with_version: true,
    });
    const events = await bed.watch({});
    const outcome = await transaction(
      { type: 'set', ...b, value: 2 },
      { type: 'check', ...a, version: there + 1 },
      { type: 'check', ...a, version: there + 2 },
    );
    expect(outcome).toEqual({ committed: false, conflict: { index: 1, version: there, ...a } });
    expect(await bed.call('get', b)).toBeUndefined();
    const held = await transaction(
      { type: 'check', ...a, version: there },
      { type: 'check', ...b, version: 0 },
    );
    expect(held).toEqual({ committed: true, results: [{ version: there }, { version: 0 }] });
    await bed.call('set', { ...a, value: 2 });
    expect(await events.count(1)).toMatchObject([{ ...a, new_value: 2 }]);
  });

  it('tells those who watch of everything it did, in order', async () => {
    const events = await bed.watch({ scope: 'accounts', key: 'a' });
    await transaction(
      { type: 'set', ...a, value: 1 },
      { type: 'set', ...b, value: 1 },
      { type: 'set', ...a, value: 2 },
      { type: 'delete', ...a },
    );
    expect((await events.count(3)).map(({ event_type, new_value }) => [event_type, new_value])).toEqual([
      ['state:created', 1],
      ['state:updated', 2],
      ['state:deleted', null],
    ]);
  });

  it('moves between two keys without losing anything, however many do so at once', async () => {
    await transaction({ type: 'set', ...a, value: 100 }, { type: 'set', ...b, value: 100 });
    const move = async (from: object, to: object) => {
      for (;;) {
        const { results = [] } = await transaction({ type: 'get', ...from }, { type: 'get', ...to });
        const [source, target] = results as Array<{ value: number; version: number }>;
        const { committed } = await transaction(
          { type: 'check', ...from, version: source?.version },
          { type: 'check', ...to, version: target?.version },
          { type: 'set', ...from, value: (source?.value ?? 0) - 1 },
          { type: 'set', ...to, value: (target?.value ?? 0) + 1 },
        );
        if (committed) return;
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, n) => (n < 15 ? move(a, b) : move(b, a))));
    expect(await bed.call('list', { scope: 'accounts' })).toEqual([90, 110]);
  });

  it.each([
    [{}, 'operations: expected a list of operations, it is missing'],
    [{ operations: [1] }, 'operations[0]: expected an object, found 1'],
    [
      { operations: [{ type: 'swap', ...a }] },
      'operations[0]: type: expected one of check, get, set, update, delete',
    ],
    [{ operations: [{ type: 'get', scope: 's' }] }, 'operations[0]: key: expected a string'],
    [{ operations: [{ type: 'check', ...a }] }, 'operations[0]: version: expected an integer'],
    [
      {
        operations: [
          { type: 'get', ...a },
          { type: 'update', ...a },
        ],
      },
      'operations[1]: ops: expected an array',
    ],
    [{ operations: Array(1_001).fill({ type: 'get', ...a }) }, '1001 operations, where 1000 may be'],
  ])('refuses %j', async (payload, reason) => {
    const { code, message } = await bed.refusal('transaction', payload);
    expect(code).toBe('deserialization_error');
    expect(message).toContain('state::transaction');
    expect(message).toContain(reason);
  });

  it('takes none of its operations when one is beyond a limit', async () => {
    const { code } = await bed.refusal('transaction', {
      operations: [
        { type: 'set', ...a, value: 1 },
        { type: 'set', scope: 's', key: 'k'.repeat(2_000), value: 1 },
      ],
    });
    expect(code).toBe('TRANSACTION_ERROR');
    expect(await bed.call('get', a)).toBeUndefined();
  });
});
