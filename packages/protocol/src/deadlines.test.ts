import { describe, expect, it } from 'vitest';
import { Deadlines } from './deadlines.js';
import { ManualClock } from './testing.js';

function setup() {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock, 50);
  const expired: string[] = [];
  const entry = (name: string) => ({ expire: () => void expired.push(`${name}@${clock.monotonic()}`) });
  return { clock, deadlines, expired, entry };
}

describe('deadlines', () => {
  it('expire at their time or up to two slots later, never earlier', () => {
    const { clock, deadlines, expired, entry } = setup();
    clock.advance(13);
    for (const ms of [0, 1, 50, 99, 1000]) deadlines.add(entry(`${ms}`), ms);
    clock.advance(5_000);
    for (const line of expired) {
      const [ms = 0, at = 0] = line.split('@').map(Number);
      expect.soft(at - 13, line).toBeGreaterThanOrEqual(ms);
      expect.soft(at - 13, line).toBeLessThanOrEqual(ms + 150);
    }
    expect(expired).toHaveLength(5);
  });

  it('do not expire once removed, and may be moved', () => {
    const { clock, deadlines, expired, entry } = setup();
    const [removed, moved] = [entry('removed'), entry('moved')];
    deadlines.add(removed, 100);
    deadlines.add(moved, 100);
    deadlines.remove(removed);
    deadlines.add(moved, 1_000);
    expect(deadlines.size).toBe(1);
    clock.advance(500);
    expect(expired).toEqual([]);
    clock.advance(1_000);
    expect(expired).toEqual([expect.stringMatching(/^moved@/)]);
  });

  it('may be added while others expire', () => {
    const { clock, deadlines, expired, entry } = setup();
    deadlines.add({ expire: () => deadlines.add(entry('second'), 10) }, 10);
    clock.advance(1_000);
    expect(expired).toHaveLength(1);
  });

  it('may be removed, or moved, by one that expires before them', () => {
    const { clock, deadlines, expired, entry } = setup();
    const [removed, moved] = [entry('removed'), entry('moved')];
    const first = {
      expire: () => {
        deadlines.remove(removed);
        deadlines.add(moved, 1_000);
      },
    };
    for (const one of [first, removed, moved]) deadlines.add(one, 10);
    clock.advance(500);
    expect(expired).toEqual([]);
    expect(deadlines.size).toBe(1);
    clock.advance(1_000);
    expect(expired).toEqual([expect.stringMatching(/^moved@/)]);
    expect(deadlines.size).toBe(0);
  });

  describe('of which many expire together', () => {
    const slow = (expire: () => void, ms: number, clock: ManualClock) => ({
      expire: () => {
        expire();
        clock.stall(ms);
      },
    });

    it('leave others their turns', () => {
      const { clock, deadlines, expired, entry } = setup();
      const removed = entry('removed');
      for (const name of ['1', '2', '3', '4']) deadlines.add(slow(entry(name).expire, 1, clock), 10);
      deadlines.add(removed, 10);
      for (const name of ['5', '6']) deadlines.add(slow(entry(name).expire, 1, clock), 10);
      const turns: number[] = [];
      const others = () => {
        turns.push(expired.length);
        if (expired.length < 6) clock.setTimeout(others, 1);
      };
      clock.setTimeout(others, 100);
      clock.advance(100);
      expect([expired.length, deadlines.size]).toEqual([1, 6]);
      deadlines.remove(removed);
      expect(deadlines.size).toBe(5);
      clock.advance(100);
      expect(expired.map((line) => line.split('@')[0])).toEqual(['1', '2', '3', '4', '5', '6']);
      // Two at most, and then some turns of others in which there is none.
      for (const [at, seen] of turns.entries()) {
        const soon = turns[at + 6];
        if (soon !== undefined) expect(soon - seen).toBeLessThanOrEqual(2);
      }
      expect(turns.length).toBeGreaterThan(20);
      expect([clock.pending, deadlines.size]).toEqual([0, 0]);
    });

    it('are done after two seconds when they take one', () => {
      const { clock, deadlines } = setup();
      let left = 10_000;
      for (let n = 0; n < 10_000; n++)
        deadlines.add(
          slow(() => left--, 0.1, clock),
          10,
        );
      clock.advance(2_200);
      expect(left).toBe(0);
    });
  });

  it('keep no timer when nothing waits', () => {
    const { clock, deadlines, entry } = setup();
    deadlines.add(entry('x'), 10);
    clock.advance(1_000);
    expect(clock.pending).toBe(0);
    deadlines.add(entry('y'), 10);
    deadlines.close();
    expect([clock.pending, deadlines.size]).toEqual([0, 0]);
  });
});
