import { describe, expect, it } from 'vitest';
import { SlotTable } from './slot-table.js';

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
