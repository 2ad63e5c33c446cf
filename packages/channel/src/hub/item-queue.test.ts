import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOfItem } from './item.js';
import { ItemQueue } from './item-queue.js';

describe('a queue of items', () => {
  it('gives them out first come first served and knows what they cost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(500), fc.constant('take' as const)), { maxLength: 600 }),
        (steps) => {
          const queue = new ItemQueue();
          const model: Uint8Array[] = [];
          for (const step of steps) {
            if (step === 'take') {
              expect(queue.peek()?.data).toBe(model.shift());
              queue.remove();
            } else {
              const data = new Uint8Array(step);
              model.push(data);
              queue.push(data, 'binary', costOfItem(data, 'binary'));
            }
            expect(queue.isEmpty).toBe(model.length === 0);
            expect(queue.cost).toBe(model.reduce((sum, data) => sum + costOfItem(data, 'binary'), 0));
          }
        },
      ),
    );
  });

  it('keeps no hold of thousands that were taken', () => {
    const queue = new ItemQueue();
    for (let i = 0; i < 100_000; i++) {
      queue.push(new Uint8Array(1), 'text', 65);
      if (i >= 3) queue.remove();
    }
    expect(queue.cost).toBe(3 * 65);
    queue.clear();
    expect([queue.isEmpty, queue.cost, queue.peek()]).toEqual([true, 0, undefined]);
  });
});
