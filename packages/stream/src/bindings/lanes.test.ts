import { gate } from 'iii-testing';
import { describe, expect, it } from 'vitest';
import { Lanes } from './lanes.js';

const LIMITS = { running: 2, jobs: 5, bytes: 100 };

describe('lanes', () => {
  it('run what shares a lane in order, and lanes beside each other up to the limit', async () => {
    const lanes = new Lanes(LIMITS);
    const begun: string[] = [];
    const gates = new Map<string, ReturnType<typeof gate<void>>>();
    const add = (lane: string, name: string) => {
      const opened = gate();
      gates.set(name, opened);
      return lanes.add(lane, 1, () => {
        begun.push(name);
        return opened.opened;
      });
    };
    add('a', 'a1');
    add('a', 'a2');
    add('b', 'b1');
    add('c', 'c1');
    expect(begun).toEqual(['a1', 'b1']);
    gates.get('a1')?.open();
    await Promise.resolve().then(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    // The other lane that waits comes before the next of the one that has had its turn.
    expect(begun).toEqual(['a1', 'b1', 'c1']);
    for (const each of gates.values()) each.open();
    await lanes.idle();
    expect(begun).toEqual(['a1', 'b1', 'c1', 'a2']);
    expect(lanes.size).toBe(0);
  });

  it('refuse what is too much, by number and by bytes, but never the only job', async () => {
    const lanes = new Lanes(LIMITS);
    const held = gate();
    const wait = () => held.opened;
    expect(lanes.add('a', 1_000, wait)).toBe(true);
    expect(lanes.add('b', 1, wait)).toBe(false);
    held.open();
    await lanes.idle();
    for (let n = 0; n < 5; n++) expect(lanes.add('a', 1, async () => {})).toBe(true);
    expect(lanes.add('b', 1, async () => {})).toBe(false);
    await lanes.idle();
    expect(lanes.add('b', 99, async () => {})).toBe(true);
    expect(lanes.add('b', 2, async () => {})).toBe(false);
    await lanes.idle();
  });

  it('are idle from the start', async () => {
    await new Lanes(LIMITS).idle();
  });
});
