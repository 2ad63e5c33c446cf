import { ManualClock } from 'iii-protocol/testing';
import { describe, expect, it } from 'vitest';
import { LoopLag } from './loop-lag.js';

function setup() {
  const clock = new ManualClock();
  return { clock, lag: new LoopLag(clock) };
}

describe('the lag of the event loop', () => {
  it('is not known when it is first asked for', () => {
    expect(setup().lag.read()).toBeUndefined();
  });

  it('is as long as the loop was held up at most, and forgotten once it has been told', () => {
    const { clock, lag } = setup();
    lag.read();
    clock.advance(100);
    expect(lag.read()).toBe(0);
    clock.stall(320);
    clock.advance(100);
    clock.stall(70);
    clock.advance(100);
    expect(lag.read()).toBe(300);
    expect(lag.read()).toBe(0);
  });

  it('counts what has held the loop up until now', () => {
    const { clock, lag } = setup();
    lag.read();
    clock.stall(45.678);
    expect(lag.read()).toBe(25.7);
  });

  it('is not measured while nobody asks', () => {
    const { clock, lag } = setup();
    lag.read();
    clock.advance(29_000);
    lag.read();
    clock.advance(29_000);
    expect(clock.pending).toBe(1);
    clock.advance(1_000);
    expect(clock.pending).toBe(0);
    expect(lag.read()).toBeUndefined();
    expect(clock.pending).toBe(1);
  });

  it('leaves nothing running when it is closed', () => {
    const { clock, lag } = setup();
    lag.read();
    lag.close();
    expect(clock.pending).toBe(0);
  });
});
