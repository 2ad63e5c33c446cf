import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backlog } from './backlog.js';

describe('a backlog', () => {
  it('gives what an array would, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer(), fc.constant('take'))), (steps) => {
        const backlog = new Backlog<number>();
        const model: number[] = [];
        for (const step of steps) {
          if (typeof step === 'number') {
            backlog.push(step);
            model.push(step);
          } else expect(backlog.take()).toBe(model.shift());
          expect(backlog.length).toBe(model.length);
        }
      }),
    );
  });

  it('gives thousands, also while more come, and nothing once it is cleared', () => {
    const backlog = new Backlog<number>();
    let [pushed, taken] = [0, 0];
    while (taken < 5_000) {
      backlog.push(pushed++);
      if (pushed % 3 === 0) continue;
      expect(backlog.take()).toBe(taken++);
    }
    expect(backlog.length).toBe(pushed - taken);
    backlog.clear();
    expect([backlog.length, backlog.take()]).toEqual([0, undefined]);
  });
});
