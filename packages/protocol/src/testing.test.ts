import { describe, expect, it } from 'vitest';
import { ManualClock } from './testing.js';

describe('the manual clock', () => {
  it('fires timers in the order they fall due, also those set by others', () => {
    const clock = new ManualClock(0);
    const fired: string[] = [];
    const note = (name: string) => () => void fired.push(`${name}@${clock.now()}`);
    clock.setTimeout(note('late'), 30);
    clock.setTimeout(() => clock.setTimeout(note('nested'), 5), 10);
    clock.setTimeout(note('first of two'), 20);
    clock.setTimeout(note('second of two'), 20);
    clock.advance(25);
    expect(fired).toEqual(['nested@15', 'first of two@20', 'second of two@20']);
    expect(clock.pending).toBe(1);
    clock.advance(5);
    expect(fired.at(-1)).toBe('late@30');
  });

  it('does not fire what was cleared', () => {
    const clock = new ManualClock();
    const timer = clock.setTimeout(() => expect.unreachable(), 1);
    clock.clearTimeout(timer);
    clock.advance(10);
    expect(clock.pending).toBe(0);
  });

  it('jumps on the wall without moving timers', () => {
    const clock = new ManualClock(1_000);
    let fired = 0;
    clock.setTimeout(() => fired++, 10);
    clock.jump(60_000);
    expect([clock.now(), clock.monotonic(), fired]).toEqual([61_000, 0, 0]);
    clock.advance(10);
    expect(fired).toBe(1);
  });

  it('stalls as a stopped process does: time passes, and what fell due fires afterwards, late', () => {
    const clock = new ManualClock(0);
    const fired: number[] = [];
    clock.setTimeout(() => fired.push(clock.now()), 10);
    clock.stall(100);
    expect([clock.now(), fired.length]).toEqual([100, 0]);
    clock.advance(1);
    expect(fired).toEqual([100]);
    expect(clock.now()).toBe(101);
  });

  it('lets promises settle between timers', async () => {
    const clock = new ManualClock();
    const seen: number[] = [];
    const wait = (ms: number) => new Promise<void>((resolve) => clock.setTimeout(resolve, ms));
    const task = (async () => {
      await wait(10);
      seen.push(clock.monotonic());
      await wait(10);
      seen.push(clock.monotonic());
    })();
    await clock.advanceAsync(20);
    await task;
    expect(seen).toEqual([10, 20]);
  });
});
