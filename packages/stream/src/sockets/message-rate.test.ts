import { ManualClock } from 'iii-testing';
import { expect, it } from 'vitest';
import { MessageRate } from './message-rate.js';

it('a peer may send so many at once, and then as many a second as it may', () => {
  const clock = new ManualClock();
  const rate = new MessageRate(clock);
  const taken = () => {
    let count = 0;
    while (rate.take(10, 30)) count++;
    return count;
  };
  expect(taken()).toBe(30);
  clock.advance(1_000);
  expect(taken()).toBe(10);
  clock.advance(3_600_000);
  expect(taken()).toBe(30);
});
