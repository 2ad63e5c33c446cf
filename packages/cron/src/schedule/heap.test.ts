import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heap } from './heap.js';

describe('a heap', () => {
  it('has the first of what is in it, whatever was put in and taken out before', () => {
    const change = fc.record({ takes: fc.boolean(), n: fc.nat(1_000) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 300 }), (changes) => {
        const heap = new Heap<{ n: number; place: number }>((a, b) => a.n < b.n);
        const there: Array<{ n: number; place: number }> = [];
        for (const { takes, n } of changes) {
          if (takes && there.length > 0) {
            const [item] = there.splice(n % there.length, 1) as [{ n: number; place: number }];
            heap.remove(item);
          } else {
            const item = { n, place: -1 };
            there.push(item);
            heap.add(item);
          }
          expect(heap.first?.n).toBe(there.length === 0 ? undefined : Math.min(...there.map((i) => i.n)));
        }
      }),
    );
  });

  it('is empty when it was cleared', () => {
    const heap = new Heap<{ place: number }>(() => false);
    heap.add({ place: 0 });
    heap.clear();
    expect(heap.first).toBeUndefined();
  });
});
