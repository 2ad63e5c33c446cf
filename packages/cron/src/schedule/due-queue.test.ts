import fc from 'fast-check';
import { ManualClock } from 'iii-protocol/testing';
import { describe, expect, it } from 'vitest';
import { DueQueue } from './due-queue.js';

function open(maxSleepMs = 1_000) {
  const clock = new ManualClock(0);
  const taken: Array<[entry: string, now: number]> = [];
  const queue = new DueQueue<string>({ clock, maxSleepMs }, (entry, _, now) => taken.push([entry, now]));
  return { clock, queue, taken };
}

describe('what is due', () => {
  it('comes in the order of its times, and what has one time in the order it was put in', () => {
    const { clock, queue, taken } = open();
    for (const [entry, at] of [
      ['c', 30],
      ['a', 10],
      ['d', 30],
      ['b', 20],
    ] as const)
      queue.put(entry, at);
    clock.advance(100);
    expect(taken).toEqual([
      ['a', 10],
      ['b', 20],
      ['c', 30],
      ['d', 30],
    ]);
    expect([queue.size, clock.pending]).toEqual([0, 0]);
  });

  it('has one timer, however much it is', () => {
    const { clock, queue } = open();
    for (let n = 0; n < 10_000; n++) queue.put(`${n}`, 86_400_000 - n);
    expect(clock.pending).toBe(1);
    queue.close();
    expect([clock.pending, queue.size]).toEqual([0, 0]);
  });

  it('has the time it was given last, or none', () => {
    const { clock, queue, taken } = open();
    queue.put('moved', 10);
    queue.put('moved', 50);
    queue.put('gone', 20);
    queue.remove('gone');
    queue.remove('never there');
    clock.advance(40);
    expect(taken).toEqual([]);
    clock.advance(10);
    expect(taken).toEqual([['moved', 50]]);
  });

  it('comes in time also when what the timer was set for is gone', () => {
    const { clock, queue, taken } = open();
    queue.put('first', 10);
    queue.put('later', 30);
    queue.remove('first');
    queue.put('between', 20);
    queue.put('far', 5_000);
    clock.advance(19);
    expect(taken).toEqual([]);
    queue.put('soon', 21);
    clock.advance(11);
    expect(taken).toEqual([
      ['between', 20],
      ['soon', 21],
      ['later', 30],
    ]);
    clock.advance(4_970);
    expect(taken.at(-1)).toEqual(['far', 5_000]);
  });

  it('in the past comes at once, and not within the call', () => {
    const { clock, queue, taken } = open();
    clock.advance(1_000);
    queue.put('late', 5);
    expect(taken).toEqual([]);
    clock.advance(0);
    expect(taken).toEqual([['late', 1_000]]);
  });

  it('goes by the clock on the wall, whichever way it is set', () => {
    const { clock, queue, taken } = open();
    queue.put('a', 5_000);
    clock.jump(-1_000_000);
    clock.advance(10_000);
    expect(taken).toEqual([]);
    clock.jump(1_000_000);
    clock.advance(1_000);
    expect(taken.map(([entry]) => entry)).toEqual(['a']);
  });

  it('in great numbers at one time leaves others their turn in between', () => {
    const { clock, queue, taken } = open();
    for (let n = 0; n < 1_000; n++) queue.put(`${n}`, 10);
    const seen: number[] = [];
    clock.setTimeout(function look() {
      seen.push(taken.length);
      if (taken.length < 1_000) clock.setTimeout(look, 0);
    }, 10);
    clock.advance(10);
    expect(seen.some((count) => count > 0 && count < 1_000)).toBe(true);
    expect(taken).toHaveLength(1_000);
  });

  it('is taken although one before it threw', () => {
    const clock = new ManualClock(0);
    const taken: string[] = [];
    const queue = new DueQueue<string>({ clock, maxSleepMs: 1_000 }, (entry) => {
      if (entry === 'bad') throw new Error('bad');
      taken.push(entry);
    });
    queue.put('bad', 1);
    queue.put('good', 1);
    expect(() => clock.advance(1)).toThrow('bad');
    clock.advance(1);
    expect(taken).toEqual(['good']);
  });

  it('comes never early, never twice, and always', () => {
    const step = fc.oneof(
      fc.record({ put: fc.nat(9), at: fc.nat(5_000) }),
      fc.record({ remove: fc.nat(9) }),
      fc.record({ advance: fc.nat(700) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { clock, queue, taken } = open();
        const expected = new Map<string, number>();
        let seen = 0;
        for (const each of steps) {
          if ('put' in each) {
            queue.put(`${each.put}`, each.at);
            expected.set(`${each.put}`, each.at);
          } else if ('remove' in each) {
            queue.remove(`${each.remove}`);
            expected.delete(`${each.remove}`);
          } else {
            clock.advance(each.advance);
            for (const [entry, now] of taken.slice(seen)) {
              expect(expected.get(entry)).toBeLessThanOrEqual(now);
              expected.delete(entry);
            }
            seen = taken.length;
            for (const at of expected.values()) expect(at).toBeGreaterThan(clock.now());
          }
        }
        expect(queue.size).toBe(expected.size);
      }),
    );
  });
});
