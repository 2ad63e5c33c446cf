import { ManualClock } from 'iii-protocol/testing';
import { describe, expect, it } from 'vitest';
import { IDLE_LIMIT_MS, Liveness, PING_INTERVAL_MS } from './liveness.js';

function watch() {
  const clock = new ManualClock();
  const seen = { pings: 0, bytes: 0, silentAt: [] as number[] };
  const liveness = new Liveness(clock, {
    ping: () => void seen.pings++,
    bytesRead: () => seen.bytes,
    silent: () => seen.silentAt.push(clock.monotonic()),
  });
  return { clock, seen, liveness };
}

describe('Liveness', () => {
  it('pings at intervals', () => {
    const { clock, seen } = watch();
    clock.advance(PING_INTERVAL_MS - 1);
    expect(seen.pings).toBe(0);
    clock.advance(1);
    expect(seen.pings).toBe(1);
    clock.advance(PING_INTERVAL_MS);
    expect(seen.pings).toBe(2);
  });

  it('notices once that nothing has come in for the limit, and stops', () => {
    const { clock, seen } = watch();
    clock.advance(10 * IDLE_LIMIT_MS);
    expect(seen.silentAt).toEqual([IDLE_LIMIT_MS]);
    expect(clock.pending).toBe(0);
  });

  it('counts from what came in last, a part of a message too', () => {
    const { clock, seen } = watch();
    for (let i = 0; i < 10; i++) {
      clock.advance(IDLE_LIMIT_MS - PING_INTERVAL_MS);
      seen.bytes++;
    }
    expect(seen.silentAt).toEqual([]);
    clock.advance(IDLE_LIMIT_MS + PING_INTERVAL_MS);
    expect(seen.silentAt).toHaveLength(1);
  });

  it('takes a process that was stopped for one silent interval', () => {
    const { clock, seen } = watch();
    clock.stall(10 * IDLE_LIMIT_MS);
    clock.advance(0);
    expect(seen.silentAt).toEqual([]);
  });

  it('leaves no timer once stopped', () => {
    const { clock, liveness } = watch();
    clock.advance(PING_INTERVAL_MS);
    liveness.stop();
    expect(clock.pending).toBe(0);
  });
});
