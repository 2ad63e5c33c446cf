import { ManualClock } from 'iii-protocol/testing';
import { describe, expect, it } from 'vitest';
import { RateMeter } from './rate.js';

describe('bytes per second', () => {
  it('are those of the time since the start while that is short, and of a second at least', () => {
    const clock = new ManualClock();
    const rate = new RateMeter(clock);
    expect(rate.perSecond()).toBe(0);
    rate.add(1_000);
    expect(rate.perSecond()).toBe(1_000);
    clock.advance(500);
    rate.add(1_000);
    expect(rate.perSecond()).toBe(2_000);
    clock.advance(1_500);
    expect(rate.perSecond()).toBe(1_000);
  });

  it('settle at the rate of a steady flow, wherever a second begins', () => {
    const clock = new ManualClock();
    clock.advance(1_234);
    const rate = new RateMeter(clock);
    for (let i = 0; i < 1_000; i++) {
      clock.advance(10);
      rate.add(70);
      if (i > 200) expect(Math.abs(rate.perSecond() - 7_000)).toBeLessThanOrEqual(70);
    }
  });

  it('are forgotten after a few seconds, however long nothing moved', () => {
    for (const pause of [6_000, 7_000, 60_000, 86_400_000]) {
      const clock = new ManualClock();
      const rate = new RateMeter(clock);
      rate.add(5_000);
      clock.advance(4_000);
      rate.add(5_000);
      clock.advance(1_000);
      expect(rate.perSecond()).toBe(2_000);
      clock.advance(pause);
      expect(rate.perSecond()).toBe(0);
      rate.add(500);
      expect(rate.perSecond()).toBe(100);
    }
  });
});
