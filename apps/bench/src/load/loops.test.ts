import { describe, expect, it } from 'vitest';
import { loadResult } from './latencies.js';
import { runLoop } from './loops.js';

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('a closed loop', () => {
  it('keeps as many calls in flight as it is told, and counts those that ended', async () => {
    let inFlight = 0;
    let most = 0;
    let ended = 0;
    const result = await runLoop({ kind: 'closed', inFlight: 5, ms: 30 }, async () => {
      most = Math.max(most, ++inFlight);
      await soon();
      inFlight--;
      ended++;
    });
    expect(most).toBe(5);
    expect(result.calls).toBe(ended);
    expect(result.perSecond).toBeGreaterThan(0);
  });

  it('fails with the call that fails', async () => {
    const call = () => Promise.reject(new Error('refused'));
    await expect(runLoop({ kind: 'closed', inFlight: 2, ms: 30 }, call)).rejects.toThrow('refused');
  });
});

describe('an open loop', () => {
  it('makes the calls it is told, whether earlier ones have ended or not', async () => {
    const waiting: Array<() => void> = [];
    const call = () => {
      const ends = new Promise<void>((resolve) => waiting.push(resolve));
      // Nobody is answered before all have asked.
      if (waiting.length === 20) for (const end of waiting) end();
      return ends;
    };
    const result = await runLoop({ kind: 'open', perSecond: 1_000, ms: 20 }, call);
    expect(result.calls).toBe(20);
    // The first has waited for the last.
    expect(result.p999Ms).toBeGreaterThan(10);
  });
});

it('the figures of a load are those of its calls', () => {
  const took = Array.from({ length: 1_000 }, (_, n) => 1_000 - n);
  expect(loadResult(took, 2_000)).toEqual({
    calls: 1_000,
    perSecond: 500,
    p50Ms: 500,
    p90Ms: 900,
    p99Ms: 990,
    p999Ms: 999,
  });
});
