import type { ManualClock } from 'iii-testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STATE_LIMITS } from './limits.js';
import { TestBed } from './test-support.js';

let bed: TestBed;
let clock: ManualClock;

beforeEach(async () => {
  bed = await TestBed.open({ clock: 'manual' });
  ({ clock } = bed.engine);
});

afterEach(() => bed[Symbol.asyncDispose]());

const address = { scope: 's', key: 'k' };

describe('a value with a time to live', () => {
  it('is there until its time is over, and for nobody from then on', async () => {
    await bed.set('s', 'k', 1, { ttl_ms: 1_000 });
    await bed.set('s', 'l', 2);
    expect(await bed.call('get', { ...address, with_version: true })).toMatchObject({
      value: 1,
      expires_at: clock.now() + 1_000,
    });
    clock.stall(999);
    expect(await bed.get('s', 'k')).toBe(1);
    // Nothing has been deleted yet: no timer has fired.
    clock.stall(1);
    expect(await bed.get('s', 'k')).toBeUndefined();
    expect(await bed.call('list', { scope: 's' })).toEqual([2]);
    expect(await bed.call('scan', { scope: 's' })).toMatchObject({ items: [{ key: 'l' }], cursor: null });
    expect(await bed.call('delete', address)).toBeUndefined();
  });

  it('is deleted soon after, and those who watch it are told so once', async () => {
    const events = await bed.watch({ scope: 's' });
    await bed.set('s', 'k', 1, { ttl_ms: 1_000 });
    clock.advance(1_000 + STATE_LIMITS.sweepPauseMs);
    expect((await events.count(2))[1]).toMatchObject({
      event_type: 'state:deleted',
      old_value: 1,
      new_value: null,
      expired: true,
    });
    expect(await bed.call('list_groups', {})).toEqual({ groups: [] });
    clock.advance(10 * STATE_LIMITS.maxSweepPauseMs);
    await bed.state.stop();
    expect(events.events).toHaveLength(2);
  });

  it('that is written over after its time is told of as deleted, then as created', async () => {
    const events = await bed.watch({ scope: 's' });
    await bed.set('s', 'k', 1, { ttl_ms: 1_000 });
    clock.stall(1_000);
    expect(await bed.set('s', 'k', 2)).toEqual({ old_value: null, new_value: 2 });
    expect((await events.count(3)).map(({ event_type, old_value }) => [event_type, old_value])).toEqual([
      ['state:created', null],
      ['state:deleted', 1],
      ['state:created', null],
    ]);
  });

  it('lives on when it is set without one, and keeps it when it is updated', async () => {
    const events = await bed.watch({ scope: 's' });
    await bed.set('s', 'kept', 1, { ttl_ms: 1_000 });
    await bed.set('s', 'kept', 2);
    await bed.set('s', 'updated', 1, { ttl_ms: 1_000 });
    await bed.call('update', { scope: 's', key: 'updated', ops: [{ type: 'increment', path: '', by: 1 }] });
    clock.advance(2_000);
    expect((await events.count(5))[4]).toMatchObject({ key: 'updated', old_value: 2, expired: true });
    expect(await bed.get('s', 'kept')).toBe(2);
  });

  it('can be given by compare_and_set and in a transaction', async () => {
    await bed.call('compare_and_set', { ...address, version: 0, value: 1, ttl_ms: 1_000 });
    const operations = [{ type: 'set', scope: 's', key: 'l', value: 1, ttl_ms: 2_000 }];
    await bed.call('transaction', { operations });
    clock.stall(1_000);
    expect(await bed.call('list', { scope: 's', with_keys: true })).toMatchObject([{ key: 'l' }]);
    clock.stall(1_000);
    expect(await bed.call('list', { scope: 's' })).toEqual([]);
    const again = await bed.call('compare_and_set', { ...address, version: 0, value: 2 });
    expect(again).toMatchObject({ swapped: true, value: 2 });
  });

  it('goes with the wall clock, within a minute of it being set forward', async () => {
    const events = await bed.watch({ scope: 's' });
    await bed.set('s', 'k', 1, { ttl_ms: 3_600_000 });
    clock.jump(3_600_000);
    expect(await bed.get('s', 'k')).toBeUndefined();
    clock.advance(STATE_LIMITS.maxSweepPauseMs);
    expect((await events.count(2))[1]).toMatchObject({ expired: true });
  });

  it('goes in batches when there are many at a time', async () => {
    const events = await bed.watch({ scope: 's' });
    const count = STATE_LIMITS.sweepItems + 10;
    for (let n = 0; n < count; n++) await bed.set('s', `k${n}`, n, { ttl_ms: 1_000, return_values: false });
    clock.advance(1_000);
    await events.count(count + STATE_LIMITS.sweepItems);
    expect(await bed.call('list', { scope: 's' })).toEqual([]);
    clock.advance(STATE_LIMITS.sweepPauseMs);
    await events.count(2 * count);
  });
});
