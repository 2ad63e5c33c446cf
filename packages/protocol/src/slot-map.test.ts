import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlotMap } from './slot-map.js';

describe('a map whose entries come and go', () => {
  it('is what a Map is', () => {
    const key = fc.nat(20).map((n) => `00000000-0000-4000-8000-${n}00000000`);
    const step = fc.oneof(
      fc.record({ set: key, to: fc.nat() }),
      fc.record({ remove: key }),
      fc.record({ clear: fc.constant(true) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
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
          for (const each of [...expected.keys(), 'none']) {
            expect([map.has(each), map.get(each)]).toEqual([expected.has(each), expected.get(each)]);
          }
        }
      }),
    );
  });

  it('keeps its order and what is in it while a thousand times as many pass through', () => {
    const map = new SlotMap<string | number, number>();
    const keys = (n: number) => (n % 2 === 0 ? n * 0x1_0000_0000 : `id ${n}`);
    for (let n = 0; n < 100_000; n++) {
      map.set(keys(n), n);
      if (n >= 100) expect(map.delete(keys(n - 100))).toBe(n - 100);
    }
    expect(map.size).toBe(100);
    expect([...map.values()]).toEqual(Array.from({ length: 100 }, (_, at) => 99_900 + at));
    expect([map.get(keys(99_900)), map.get(keys(99_899)), map.has('id')]).toEqual([99_900, undefined, false]);
  });

  it('serves a crowd, also one whose keys differ in nothing it hashes, and gives back what that has taken', () => {
    const map = new SlotMap<string, number>();
    const key = (n: number) => `12345678${String(n).padStart(8, '0')}12345678`;
    for (let n = 0; n < 3_000; n++) map.set(key(n), n);
    for (let n = 0; n < 3_000; n++) expect(map.get(key(n))).toBe(n);
    for (let n = 0; n < 3_000; n++) expect(map.delete(key(n))).toBe(n);
    expect([map.size, [...map]]).toEqual([0, []]);
    map.set('a', 1);
    expect([...map]).toEqual([['a', 1]]);
  });

  it('may be changed by who goes through it', () => {
    const map = new SlotMap<number, string>();
    for (let n = 0; n < 20; n++) map.set(n, `${n}`);
    const seen: string[] = [];
    for (const [n, text] of map) {
      seen.push(text);
      map.delete(n + 1);
      for (let more = 0; more < 5; more++) map.set(100 + n * 5 + more, 'new');
    }
    expect(seen).toEqual(['0', '2', '4', '6', '8', '10', '12', '14', '16', '18']);
    expect(map.size).toBe(60);
  });
});
