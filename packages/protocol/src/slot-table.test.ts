import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlotMap, SlotTable } from './slot-table.js';

describe('a table of slots', () => {
  it('has what is in it, each under a slot of its own', () => {
    const table = new SlotTable<string>();
    const [a, b, c] = [table.add('a'), table.add('b'), table.add('c')];
    expect(table.remove(b)).toBe('b');
    expect([table.get(a), table.get(b), table.get(c), table.size]).toEqual(['a', undefined, 'c', 2]);
    expect(table.add('d')).toBe(b);
    expect([...table].sort()).toEqual(['a', 'c', 'd']);
  });

  it('does not mind what is not there', () => {
    const table = new SlotTable<string>();
    const slot = table.add('a');
    expect([table.remove(slot), table.remove(slot), table.remove(7)]).toEqual(['a', undefined, undefined]);
    expect([table.size, table.add('b'), table.add('c')]).toEqual([0, 0, 1]);
  });

  it('gives back what a crowd has taken', () => {
    const table = new SlotTable<object>();
    const slots = Array.from({ length: 5_000 }, () => table.add({}));
    for (const slot of slots) table.remove(slot);
    expect([table.size, table.add({})]).toEqual([0, 0]);
  });

  it('goes on with those that are left while some are removed', () => {
    const table = new SlotTable<number>();
    const slots = [0, 1, 2, 3].map((n) => table.add(n));
    const seen: number[] = [];
    for (const n of table) {
      seen.push(n);
      if (n === 1) table.remove(slots[2] ?? 0);
    }
    expect(seen).toEqual([0, 1, 3]);
  });
});

describe('a map of slots', () => {
  it('is what a Map is', () => {
    const key = fc.nat(7).map(String);
    const step = fc.oneof(
      fc.record({ set: key, to: fc.nat() }),
      fc.record({ remove: key }),
      fc.record({ clear: fc.constant(true) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const [map, expected] = [new SlotMap<string, number>(), new Map<string, number>()];
        for (const each of steps) {
          if ('set' in each) {
            map.set(each.set, each.to);
            expected.set(each.set, each.to);
          } else if ('remove' in each) {
            expect(map.delete(each.remove)).toBe(expected.get(each.remove));
            expected.delete(each.remove);
          } else if (expected.size > 3) {
            map.clear();
            expected.clear();
          }
          expect([...map]).toEqual([...expected]);
          expect([...map.values()]).toEqual([...expected.values()]);
          expect([map.size, [...map.keys()]]).toEqual([expected.size, [...expected.keys()]]);
          for (let n = 0; n < 8; n++) {
            expect([map.has(`${n}`), map.get(`${n}`)]).toEqual([expected.has(`${n}`), expected.get(`${n}`)]);
          }
        }
      }),
    );
  });
});
