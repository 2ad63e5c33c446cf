import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Fifo } from './fifo.js';

it('gives back what came first, whatever is put in and taken out in between', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('push', 'push', 'shift', 'clear')), (steps) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      for (const [index, step] of steps.entries()) {
        if (step === 'push') {
          fifo.push(index);
          model.push(index);
        } else if (step === 'shift') {
          fifo.shift();
          model.shift();
        } else {
          fifo.clear();
          model.length = 0;
        }
        expect(fifo.first).toBe(model[0]);
      }
    }),
  );
});

it('can be used again after it was empty', () => {
  const fifo = new Fifo<string>();
  fifo.shift();
  fifo.push('a');
  fifo.shift();
  expect(fifo.first).toBeUndefined();
  fifo.push('b');
  fifo.push('c');
  fifo.shift();
  expect(fifo.first).toBe('c');
});
