import { describe, expect, it } from 'vitest';
import { OperationsUnreadable } from './errors.js';
import { readOperations } from './operation.js';
import { raw } from './test-support.js';

describe('a list of operations that cannot be read', () => {
  it.each([
    ['{}', 'ops: expected an array of operations, found {}'],
    ['null', 'ops: expected an array of operations, found null'],
    ['[1]', 'ops[0]: expected an object with a type, found 1'],
    [
      '[{"path":""}]',
      'ops[0].type: expected one of set, merge, increment, decrement, append, remove, found nothing',
    ],
    [
      '[{"type":"del"}]',
      'ops[0].type: expected one of set, merge, increment, decrement, append, remove, found "del"',
    ],
    ['[{"type":"set","value":1}]', 'ops[0].path: expected a string, found nothing'],
    ['[{"type":"set","path":["a"]}]', 'ops[0].path: expected a string, found ["a"]'],
    ['[{"type":"remove","path":null}]', 'ops[0].path: expected a string, found null'],
    ['[{"type":"merge"}]', 'ops[0].value: expected a value, found nothing'],
    [
      '[{"type":"append","value":1,"path":[1]}]',
      'ops[0].path: expected a string or an array of strings, found [1]',
    ],
    ['[{"type":"increment","path":"a"}]', 'ops[0].by: expected an integer of 64 bits, found nothing'],
    ['[{"type":"increment","path":"a","by":1.0}]', 'ops[0].by: expected an integer of 64 bits, found 1.0'],
    ['[{"type":"decrement","path":"a","by":9223372036854775808}]', 'found 9223372036854775808'],
    ['[{"type":"decrement","path":"a","by":"1"}]', 'ops[0].by: expected an integer of 64 bits, found "1"'],
    ['[{"type":"remove","path":""},{"type":7}]', 'ops[1].type'],
  ])('%s', (ops, message) => {
    const read = () => readOperations(raw(ops));
    expect(read).toThrow(OperationsUnreadable);
    expect(read).toThrow(message);
  });

  it('nothing at all', () => {
    expect(() => readOperations(undefined)).toThrow('ops: expected an array of operations, found nothing');
  });
});

it('operations are read with what they need, and members that are not known are ignored', () => {
  const ops = readOperations(
    raw(
      '[{"type":"increment","path":"n","by":-9223372036854775808,"note":1},{"type":"merge","value":{},"path":"a"}]',
    ),
  );
  expect(ops).toEqual([
    { type: 'increment', path: ['n'], by: -(2n ** 63n) },
    { type: 'merge', path: ['a'], value: raw('{}') },
  ]);
});
