import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Answering, NUDGE_MS, Traffic } from './traffic.js';

describe('answers of one port that are under way', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
  afterEach(() => void vi.useRealTimers());

  const begin = (traffic: Traffic, count: number, nudged: (n: number) => void = () => {}) =>
    Array.from({ length: count }, (_, n): Answering => {
      const answer = { place: 0, nudgeTurn: 0, nudge: () => nudged(n) };
      traffic.began(answer);
      return answer;
    });

  it('are each nudged every three seconds, a few at a time', () => {
    const traffic = new Traffic();
    const nudges = new Map<number, number>();
    begin(traffic, 300, (n) => void nudges.set(n, (nudges.get(n) ?? 0) + 1));
    let most = 0;
    for (let ms = 0; ms < 2 * NUDGE_MS; ms += 10) {
      const before = sum(nudges);
      vi.advanceTimersByTime(10);
      most = Math.max(most, sum(nudges) - before);
    }
    expect([nudges.size, ...new Set(nudges.values())]).toEqual([300, 2]);
    expect(most).toBe(10);
  });

  it('are left alone once they have ended, and then no timer is left', () => {
    const traffic = new Traffic();
    const nudged: number[] = [];
    const answers = begin(traffic, 60, (n) => {
      nudged.push(n);
      for (const of of [n, n + 1]) {
        const answer = answers[of];
        if (answer !== undefined) traffic.ended(answer);
      }
    });
    vi.advanceTimersByTime(2 * NUDGE_MS);
    expect(nudged.length).toBeLessThanOrEqual(60);
    expect(new Set(nudged).size).toBe(nudged.length);
    expect(vi.getTimerCount()).toBe(0);
  });
});

function sum(counts: ReadonlyMap<number, number>): number {
  return [...counts.values()].reduce((all, one) => all + one, 0);
}
