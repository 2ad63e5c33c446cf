import { describe, expect, it } from 'vitest';
import { Slots } from './slots.js';

function entrants(count: number, begun: number[]) {
  return Array.from({ length: count }, (_, id) => ({ begin: () => void begun.push(id) }));
}

describe('slots', () => {
  it('let in as many as there are, and the others in the order they came', () => {
    const begun: number[] = [];
    const slots = new Slots(2);
    const all = entrants(4, begun);
    for (const entrant of all) slots.enter(entrant);
    expect(begun).toEqual([0, 1]);
    slots.leave(all[1]!);
    expect(begun).toEqual([0, 1, 2]);
    slots.leave(all[0]!);
    expect(begun).toEqual([0, 1, 2, 3]);
    expect([slots.taken, slots.waiting]).toEqual([2, 0]);
  });

  it('may be taken without waiting, and without beginning', () => {
    const begun: number[] = [];
    const slots = new Slots(1);
    const [first, second] = entrants(2, begun);
    expect([slots.tryTake(first!), slots.tryTake(second!)]).toEqual([true, false]);
    expect([begun, slots.taken, slots.waiting]).toEqual([[], 1, 0]);
    slots.leave(first!);
    expect(slots.taken).toBe(0);
  });

  it('pass over those who no longer wait', () => {
    const begun: number[] = [];
    const slots = new Slots(1);
    const all = entrants(3, begun);
    for (const entrant of all) slots.enter(entrant);
    slots.leave(all[1]!);
    slots.leave(all[0]!);
    expect(begun).toEqual([0, 2]);
    slots.leave(all[2]!);
    slots.leave(all[2]!);
    expect([slots.taken, slots.waiting]).toEqual([0, 0]);
  });

  it('count entrants that leave while they begin', () => {
    const slots = new Slots(1);
    const begun: number[] = [];
    const fleeting = { begin: () => slots.leave(fleeting) };
    slots.enter(fleeting);
    for (const entrant of entrants(1, begun)) slots.enter(entrant);
    expect(begun).toEqual([0]);
    expect(slots.taken).toBe(1);
  });

  it('become more or fewer while some are taken', () => {
    const begun: number[] = [];
    const slots = new Slots(1);
    const all = entrants(4, begun);
    for (const entrant of all) slots.enter(entrant);
    slots.resize(3);
    expect(begun).toEqual([0, 1, 2]);
    slots.resize(1);
    slots.leave(all[0]!);
    slots.leave(all[1]!);
    expect(begun).toEqual([0, 1, 2]);
    slots.leave(all[2]!);
    expect(begun).toEqual([0, 1, 2, 3]);
  });
});
