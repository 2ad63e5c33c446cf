import { ManualClock } from 'iii-protocol/testing';
import { gate } from 'iii-testing';
import { describe, expect, it } from 'vitest';
import type { Remembered, TickLocks } from '../locks/tick-locks.js';
import { locksIn, MINUTE_MS, memoryStore, SchedulerBench } from '../test-support.js';

const EVERY_MINUTE = { expression: '0 * * * * *' };

/** A scheduler whose locks answer what they remember as `recall` says. */
async function open(recall: (locks: TickLocks, identity: string) => Remembered | Promise<Remembered>) {
  const clock = new ManualClock();
  const locks = await locksIn(await memoryStore(), clock);
  const asking: TickLocks = {
    ttlMs: locks.ttlMs,
    recall: (identity) => recall(locks, identity),
    remember: (...of) => locks.remember(...of),
    claim: (...of) => locks.claim(...of),
    renew: (...of) => locks.renew(...of),
    release: (...of) => locks.release(...of),
    setPaused: (...of) => locks.setPaused(...of),
    close: () => locks.close(),
  };
  return SchedulerBench.open({ clock, scheduler: { locks: asking } });
}

describe('a schedule that is remembered elsewhere', () => {
  it('is accepted and had once that is known, for everyone who bound it meanwhile', async () => {
    const known = gate();
    const bench = await open(async (locks, identity) => {
      await known.opened;
      return locks.recall(identity);
    });
    const accepted: string[] = [];
    const both = ['a', 'b'].map(async (id) => accepted.push(await bench.schedule('f', EVERY_MINUTE, { id })));
    await bench.clock.advanceAsync(MINUTE_MS / 2);
    expect(accepted).toEqual([]);
    known.open();
    await Promise.all(both);
    expect(accepted).toEqual(['a', 'b']);
    await bench.clock.advanceAsync(MINUTE_MS);
    expect(bench.timesOf('f')).toHaveLength(1);
  });

  it('is not planned when it is gone by the time that is known', async () => {
    const known = gate();
    const bench = await open(async (locks, identity) => {
      await known.opened;
      return locks.recall(identity);
    });
    const accepted = bench.schedule('f', EVERY_MINUTE, { id: 'a' });
    bench.scheduler.remove('a');
    known.open();
    await accepted;
    await bench.clock.advanceAsync(2 * MINUTE_MS);
    expect([bench.timesOf('f'), bench.scheduler.jobs]).toEqual([[], []]);
  });

  it.each([
    [
      'at once',
      () => {
        throw new Error('out of reach');
      },
    ],
    ['later', () => Promise.reject(new Error('out of reach'))],
  ])('is refused when that cannot be found out, %s, and may be bound again', async (_, fail) => {
    let isOutOfReach = true;
    const bench = await open((locks, identity) => (isOutOfReach ? fail() : locks.recall(identity)));
    await expect(bench.schedule('f', EVERY_MINUTE, { id: 'a' })).rejects.toThrow('out of reach');
    expect([bench.scheduler.jobs, bench.scheduler.bindingIds]).toEqual([[], []]);
    isOutOfReach = false;
    await bench.schedule('f', EVERY_MINUTE, { id: 'a' });
    await bench.clock.advanceAsync(MINUTE_MS);
    expect(bench.timesOf('f')).toHaveLength(1);
  });
});
