import { ManualClock } from 'iii-protocol/testing';
import { LogBook, settled } from 'iii-testing';
import { describe, expect, it } from 'vitest';
import { locksIn, memoryStore } from '../test-support.js';
import { Leases } from './leases.js';

async function open() {
  const clock = new ManualClock();
  const store = await memoryStore();
  const [mine, theirs] = [await locksIn(store, clock, 'mine'), await locksIn(store, clock, 'theirs')];
  const log = new LogBook();
  return { clock, mine, theirs, log, leases: new Leases(mine, clock, log) };
}

describe('leases', () => {
  it('are renewed for as long as a run takes, all with one timer, and not longer', async () => {
    const { clock, mine, theirs, leases, log } = await open();
    for (const identity of ['a', 'b']) {
      await mine.claim(identity, 1);
      leases.hold(identity, new AbortController());
    }
    for (let n = 0; n < 12; n++) {
      await clock.advanceAsync(10_000);
      await settled();
    }
    expect(clock.pending).toBe(1);
    expect(await theirs.claim('a', 2)).toBe(false);
    await leases.letGo('a');
    expect([await theirs.claim('a', 2), await theirs.claim('b', 2)]).toEqual([true, false]);
    await leases.letGo('b');
    expect([clock.pending, log.lines]).toEqual([0, []]);
  });

  it('that are somebody else’s by now end the run', async () => {
    const { clock, mine, theirs, leases } = await open();
    await mine.claim('a', 1);
    const run = new AbortController();
    leases.hold('a', run);
    // As when the process was suspended.
    clock.stall(60_000);
    expect(await theirs.claim('a', 2)).toBe(true);
    await clock.advanceAsync(1);
    await settled();
    expect(run.signal.reason).toEqual(new Error('somebody else has the lease of this schedule by now'));
    expect(clock.pending).toBe(0);
  });

  it('that cannot be renewed or released are told of, and renewed the next time', async () => {
    const { clock, mine, log } = await open();
    let isDown = true;
    const shaky = Object.create(mine, {
      renew: { value: (ids: string[]) => (isDown ? Promise.reject(new Error('down')) : mine.renew(ids)) },
      release: { value: () => Promise.reject(new Error('down')) },
      ttlMs: { value: 30_000 },
    }) as typeof mine;
    const leases = new Leases(shaky, clock, log);
    await mine.claim('a', 1);
    leases.hold('a', new AbortController());
    await clock.advanceAsync(10_000);
    isDown = false;
    await clock.advanceAsync(10_000);
    await leases.letGo('a');
    expect(log.messages('error')).toEqual(['leases of running schedules were not renewed']);
    expect(log.messages('warn')).toEqual(['a lease was not released: it ends with its time']);
    expect(clock.pending).toBe(0);
  });
});
