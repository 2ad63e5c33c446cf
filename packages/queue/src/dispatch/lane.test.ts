import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, isBefore, NEW_STATE, type Position } from '../job.js';
import { functionLane, groupLane } from '../lane-names.js';
import { Lane } from './lane.js';

const KEY = functionLane('default', 'f');

function entry(order: number, priority = 0): Entry {
  return { queue: 1, lane: KEY, seq: order, order, priority, state: NEW_STATE };
}

/** A lane over a list of jobs, as the store would have them. */
class Bench {
  readonly stored = new Map<number, Entry>();
  readonly taken = new Set<number>();
  reads = 0;
  readonly lane: Lane;

  constructor(isEmpty: boolean, key = KEY) {
    this.lane = new Lane(key, isEmpty);
  }

  read = (after: Position | undefined, limit: number): Entry[] => {
    this.reads++;
    return this.first.filter((one) => after === undefined || isBefore(after, one)).slice(0, limit);
  };

  /** In order, those that are taken left out. */
  get first(): Entry[] {
    const waiting = [...this.stored.values()].filter(({ seq }) => !this.taken.has(seq));
    return waiting.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  next(): number | undefined {
    return this.lane.next(this.read)?.seq;
  }

  take(): number | undefined {
    const seq = this.next();
    if (seq === undefined) return undefined;
    this.lane.take();
    this.taken.add(seq);
    return seq;
  }
}

describe('a lane', () => {
  it('gives what the store has, reading it a few at a time', () => {
    const bench = new Bench(false);
    for (let seq = 1; seq <= 100; seq++) bench.stored.set(seq, entry(seq));
    const order = Array.from({ length: 101 }, () => bench.take());
    expect(order).toEqual([...Array.from({ length: 100 }, (_, at) => at + 1), undefined]);
    expect(bench.reads).toBeLessThan(10);
  });

  it('does not read what it was told, however many that are', () => {
    const bench = new Bench(true);
    for (let seq = 1; seq <= 1_000; seq++) {
      bench.stored.set(seq, entry(seq));
      bench.lane.add(entry(seq));
      expect(bench.take()).toBe(seq);
    }
    expect(bench.reads).toBe(0);
  });

  it('takes a job once that it found before it was told', () => {
    const bench = new Bench(false);
    bench.stored.set(1, entry(1)).set(2, entry(2));
    expect(bench.next()).toBe(1);
    bench.lane.add(entry(1));
    bench.lane.add(entry(2));
    expect([bench.take(), bench.take(), bench.take()]).toEqual([1, 2, undefined]);
  });

  it.each([
    ['of a function', KEY],
    ['of a group', groupLane('g')],
    ['of a concurrency key', functionLane('default', 'f', 'k')],
  ])('%s gives each job once and in order, whatever comes when', (_, key) => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), priority: fc.nat(2) }) },
      { weight: 3, arbitrary: fc.constant({ kind: 'take' as const, priority: 0 }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'back' as const, priority: 0 }) },
      { weight: 1, arbitrary: fc.constant({ kind: 'done' as const, priority: 0 }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 800 }), fc.boolean(), fc.nat(300), (steps, isEmpty, stored) => {
        const bench = new Bench(isEmpty, key);
        let seq = 0;
        if (!isEmpty) while (seq < stored) bench.stored.set(++seq, entry(seq));
        for (const { kind, priority } of steps) {
          if (kind === 'add') {
            const one = entry(++seq, priority);
            bench.stored.set(seq, one);
            bench.lane.add(one);
          } else if (kind === 'take') {
            const expected = bench.first[0]?.seq;
            expect(bench.take()).toBe(expected);
          } else {
            const [oldest] = bench.taken;
            if (oldest === undefined) continue;
            bench.taken.delete(oldest);
            if (kind === 'back') bench.lane.reread();
            else bench.stored.delete(oldest);
          }
        }
        const left = bench.first.map(({ seq }) => seq);
        expect(left.map(() => bench.take())).toEqual(left);
        expect(bench.take()).toBeUndefined();
      }),
    );
  });
});
