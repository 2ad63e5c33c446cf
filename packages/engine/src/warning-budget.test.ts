import { ManualClock } from 'iii-protocol/testing';
import { describe, expect, it } from 'vitest';
import { WarningBudget } from './warning-budget.js';

describe('a warning budget', () => {
  it('lets some through, counts the rest, and says so in the next period', () => {
    const clock = new ManualClock();
    const budget = new WarningBudget(clock, 2, 1_000);
    expect([budget.take(), budget.take(), budget.take(), budget.take()].map(({ log }) => log)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    clock.advance(1_000);
    expect(budget.take()).toEqual({ log: true, suppressed: 2 });
    expect(budget.take()).toEqual({ log: true, suppressed: 0 });
  });
});
