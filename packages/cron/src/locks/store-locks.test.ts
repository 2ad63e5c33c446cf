import { ManualClock } from 'iii-protocol/testing';
import { keyOf, MemoryStorage, type Store } from 'iii-storage';
import { LogBook } from 'iii-testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, locksIn, memoryStore } from '../test-support.js';
import { StoreLocks } from './store-locks.js';
import type { TickLocks } from './tick-locks.js';

/** What every adapter has to do: two of them over one place, as two engines have them. */
describe('tick locks in a store', () => {
  let clock: ManualClock;
  let store: Store;
  let mine: TickLocks;
  let theirs: TickLocks;

  beforeEach(async () => {
    clock = new ManualClock();
    store = await memoryStore();
    mine = await locksIn(store, clock, 'mine');
    theirs = await locksIn(store, clock, 'theirs');
  });

  it('know nothing of what is new', async () => {
    expect(await mine.recall('s')).toEqual({ instant: undefined, isPaused: false });
  });

  it('give an instant to one, in whatever order they are asked', async () => {
    const all = await Promise.all([mine.claim('s', 1), theirs.claim('s', 1), mine.claim('s', 1)]);
    expect(all).toEqual([true, false, false]);
    await mine.release('s');
    expect(await theirs.claim('s', 1)).toBe(false);
    expect(await mine.recall('s')).toEqual({ instant: 1, isPaused: false });
  });

  it('give no instant that is before one that was had', async () => {
    expect(await mine.claim('s', 5)).toBe(true);
    await mine.release('s');
    expect([await mine.claim('s', 4), await theirs.claim('s', 5), await theirs.claim('s', 6)]).toEqual([
      ...[false, false, true],
    ]);
  });

  it('give the next to nobody else while the one before is at work, for as long as it is renewed', async () => {
    await mine.claim('s', 1);
    for (let n = 0; n < 5; n++) {
      clock.advance(20_000);
      expect(await mine.renew(['s'])).toEqual([]);
      expect(await theirs.claim('s', 2)).toBe(false);
    }
    clock.advance(30_000);
    expect(await theirs.claim('s', 2)).toBe(true);
    expect(await mine.renew(['s'])).toEqual(['s']);
    // Not theirs to release.
    await mine.release('s');
    expect(await mine.claim('s', 3)).toBe(false);
    await theirs.release('s');
    expect(await mine.claim('s', 3)).toBe(true);
  });

  it('keep schedules apart', async () => {
    expect(await Promise.all(['a', 'b', '', '__proto__'].map((s) => mine.claim(s, 1)))).toEqual([
      ...[true, true, true, true],
    ]);
  });

  it('remember the later of two instants, and the earlier only when told to start afresh', async () => {
    await mine.remember('s', 10);
    await mine.remember('s', 5);
    expect((await mine.recall('s')).instant).toBe(10);
    await mine.remember('s', 5, true);
    expect((await mine.recall('s')).instant).toBe(5);
    expect(await mine.claim('s', 6)).toBe(true);
  });

  it('remember that a schedule is paused, for everyone', async () => {
    await mine.setPaused('s', true);
    await mine.claim('s', 1);
    expect(await theirs.recall('s')).toEqual({ instant: 1, isPaused: true });
    await theirs.setPaused('s', false);
    expect((await mine.recall('s')).isPaused).toBe(false);
  });

  it('opened again give up the leases of a process that died, and keep what it had', async () => {
    const now = clock.now();
    await mine.claim('s', now);
    const next = await locksIn(store, clock);
    expect(await next.recall('s')).toEqual({ instant: now, isPaused: false });
    expect(await next.claim('s', now + 1)).toBe(true);
  });

  it('opened again forget what was not had for more than a year, but not that it is paused', async () => {
    await mine.claim('old', clock.now());
    await mine.remember('paused', clock.now());
    await mine.setPaused('paused', true);
    await mine.setPaused('never had', true);
    clock.advance(399 * DAY_MS);
    await mine.claim('yearly', clock.now());
    await locksIn(store, clock);
    expect(store.figures().entries).toBe(4);
    clock.advance(2 * DAY_MS);
    await locksIn(store, clock);
    expect((await mine.recall('old')).instant).toBeUndefined();
    expect([...store.range()]).toHaveLength(3);
  });

  it('write what is asked for in one turn at once', async () => {
    const before = store.figures().transactions;
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => mine.claim(`s${n}`, 1)));
    expect(store.figures().transactions - before).toBe(1);
  });

  it('reject when it cannot be written, and give the instant to nobody', async () => {
    const small = await new MemoryStorage().open({ name: 'small', maxBytes: 40 });
    const locks = await locksIn(small, clock);
    await expect(locks.claim('s', 1)).rejects.toMatchObject({ code: 'STORE_FULL' });
    expect(await locks.recall('s')).toEqual({ instant: undefined, isPaused: false });
    await locks.close();
    await expect(locks.claim('s', 1)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  it.each(['not json', '[]', '{"instant":"1"}', '{"lease":{"owner":1}}'])(
    'take a row that is %s for none, and say so',
    async (text) => {
      await store.transaction((tx) => tx.put(keyOf('schedule', 's'), Buffer.from(text)));
      const log = new LogBook();
      const locks = new StoreLocks({ store, clock, logger: log, owner: 'o', ttlMs: 30_000 });
      expect((await locks.recall('s')).instant).toBeUndefined();
      expect(log.messages('warn')).toEqual(['what was remembered of a schedule is not readable']);
      expect(await locks.claim('s', 1)).toBe(true);
    },
  );
});
