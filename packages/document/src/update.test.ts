import fc from 'fast-check';
import { rawFromValue, textOfRaw } from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import { readOperations } from './operation.js';
import { update } from './test-support.js';
import { applyOperations } from './update.js';

type Row = [before: string | undefined, op: object | string, after: string, error?: string];

function table(rows: readonly Row[]): void {
  it.each(rows)('%s with %j is %s %s', (before, op, after, error) => {
    expect(update(before, op)).toEqual([after, ...(error === undefined ? [] : [`0 ${error}`])]);
  });
}

describe('set', () => {
  table([
    ['{"a":1}', { type: 'set', path: '', value: [2] }, '[2]'],
    ['{"a":1}', { type: 'set', path: '' }, 'null'],
    ['{"a":1}', { type: 'set', path: 'a', value: 2 }, '{"a":2}'],
    ['{"a":1}', { type: 'set', path: 'b' }, '{"a":1,"b":null}'],
    ['{"a":1}', { type: 'set', path: 'a.b', value: 2 }, '{"a":1,"a.b":2}'],
    [undefined, { type: 'set', path: 'a', value: 1 }, '{"a":1}'],
    ['[1]', { type: 'set', path: 'a', value: 2 }, '[1]', 'set.target_not_object'],
    ['{}', '{"type":"set","path":"a","value":{"__proto__":1}}', '{"a":{"__proto__":1}}'],
    ['{}', { type: 'set', path: '__proto__', value: 1 }, '{}', 'set.path.proto_polluted'],
    ['{}', { type: 'set', path: 'x'.repeat(257), value: 1 }, '{}', 'set.path.segment_too_long'],
    ['{}', { type: 'set', path: 'é'.repeat(129), value: 1 }, '{}', 'set.path.segment_too_long'],
  ]);
});

describe('merge', () => {
  table([
    ['{"a":1,"b":{"x":1}}', { type: 'merge', value: { b: { y: 2 }, c: 3 } }, '{"a":1,"b":{"y":2},"c":3}'],
    ['{"a":1}', { type: 'merge', path: null, value: { b: 2 } }, '{"a":1,"b":2}'],
    ['{"a":1}', { type: 'merge', path: [], value: { b: 2 } }, '{"a":1,"b":2}'],
    ['{"a":{"x":1}}', { type: 'merge', path: 'a', value: { y: 2 } }, '{"a":{"x":1,"y":2}}'],
    ['{"a":5}', { type: 'merge', path: ['a', 'b'], value: { y: 2 } }, '{"a":{"b":{"y":2}}}'],
    ['[1]', { type: 'merge', value: { a: 1 } }, '[1]'],
    ['[1]', { type: 'merge', path: 'a', value: { b: 1 } }, '{"a":{"b":1}}'],
    ['{}', { type: 'merge', value: [1] }, '{}', 'merge.value.not_an_object'],
    ['{}', { type: 'merge', value: null }, '{}', 'merge.value.not_an_object'],
    ['{}', '{"type":"merge","value":{"constructor":1}}', '{}', 'merge.value.proto_polluted'],
    ['{}', '{"type":"merge","value":{"a":{"__proto__":1}}}', '{"a":{"__proto__":1}}'],
    ['{}', { type: 'merge', path: ['a', ''], value: {} }, '{}', 'merge.path.empty_segment'],
    ['{}', { type: 'merge', path: Array(33).fill('a'), value: {} }, '{}', 'merge.path.too_deep'],
    ['{}', { type: 'merge', path: ['a', 'prototype'], value: {} }, '{}', 'merge.path.proto_polluted'],
    [
      '{}',
      `{"type":"merge","value":{"a":${'['.repeat(15)}${']'.repeat(15)}}}`,
      `{"a":${'['.repeat(15)}${']'.repeat(15)}}`,
    ],
    ['{}', `{"type":"merge","value":{"a":${'['.repeat(16)}${']'.repeat(16)}}}`, '{}', 'merge.value.too_deep'],
    ['{}', '{"type":"merge","value":{"a":"[[[[[[[[[[[[[[[[[[\\"{"}}', '{"a":"[[[[[[[[[[[[[[[[[[\\"{"}'],
  ]);

  it('takes 1024 keys and not one more', () => {
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]));
    expect(update('{}', { type: 'merge', value: keys(1_024) })).toHaveLength(1);
    expect(update('{}', { type: 'merge', value: keys(1_025) })).toEqual([
      '{}',
      '0 merge.value.too_many_keys',
    ]);
  });
});

describe('increment and decrement', () => {
  const by = (path: string, amount: string, type = 'increment') =>
    `{"type":"${type}","path":"${path}","by":${amount}}`;
  table([
    [undefined, by('', '5'), '5'],
    [undefined, by('', '5', 'decrement'), '-5'],
    ['7', by('', '-8'), '-1'],
    ['"7"', by('', '1'), '"7"', 'increment.not_number'],
    ['{}', by('n', '3'), '{"n":3}'],
    ['{}', by('n', '3', 'decrement'), '{"n":-3}'],
    ['{}', by('n', '-9223372036854775808', 'decrement'), '{"n":9223372036854775808}'],
    ['{"n":9007199254740993}', by('n', '1'), '{"n":9007199254740994}'],
    ['{"n":9223372036854775807}', by('n', '1'), '{"n":9223372036854775808}'],
    ['{"n":18446744073709551615}', by('n', '-1'), '{"n":18446744073709551614}'],
    ['{"n":18446744073709551615}', by('n', '1'), '{"n":18446744073709551615}', 'increment.not_number'],
    [
      '{"n":-9223372036854775808}',
      by('n', '1', 'decrement'),
      '{"n":-9223372036854775808}',
      'decrement.not_number',
    ],
    ['{"n":5}', by('n', '6', 'decrement'), '{"n":-1}'],
    ['{"n":1.5}', by('n', '1'), '{"n":2.5}'],
    ['{"n":1.0}', by('n', '1'), '{"n":2.0}'],
    ['{"n":1.7976931348623157e308}', by('n', '9223372036854775807'), '{"n":1.7976931348623157e+308}'],
    ['{"n":null}', by('n', '0'), '{"n":null}', 'increment.not_number'],
    ['{"n":{}}', by('n', '1'), '{"n":{}}', 'increment.not_number'],
    ['[1]', by('n', '1'), '[1]', 'increment.target_not_object'],
    ['null', by('n', '1', 'decrement'), 'null', 'decrement.target_not_object'],
  ]);
});

describe('append', () => {
  table([
    [undefined, { type: 'append', value: 'a' }, '"a"'],
    [undefined, { type: 'append', value: 1 }, '[1]'],
    [undefined, { type: 'append', value: [1] }, '[[1]]'],
    ['[1]', { type: 'append', value: [2] }, '[1,[2]]'],
    ['[ ]', { type: 'append', value: 2 }, '[2]'],
    ['"a\\n"', { type: 'append', value: '"é' }, '"a\\n\\"é"'],
    ['"a"', { type: 'append', value: 1 }, '"a"', 'append.type_mismatch'],
    ['null', { type: 'append', value: 'a' }, '"a"'],
    ['null', { type: 'append', value: null }, '[null]'],
    ['{}', { type: 'append', value: 1 }, '{}', 'append.type_mismatch'],
    ['5', { type: 'append', value: 1 }, '5', 'append.type_mismatch'],
    ['5', { type: 'append', path: 'a', value: 1 }, '5', 'append.target_not_object'],
    ['{}', { type: 'append', path: 'a', value: 'x' }, '{"a":"x"}'],
    ['{}', { type: 'append', path: ['a'], value: 1 }, '{"a":[1]}'],
    ['{"a":null}', { type: 'append', path: 'a', value: 'x' }, '{"a":"x"}'],
    ['{"a":{}}', { type: 'append', path: 'a', value: 'x' }, '{"a":{}}', 'append.type_mismatch'],
    ['{}', { type: 'append', path: ['a', 'b'], value: 'x' }, '{"a":{"b":["x"]}}'],
    ['{"a":{"b":null}}', { type: 'append', path: ['a', 'b'], value: 'x' }, '{"a":{"b":["x"]}}'],
    ['{"a":{"b":"x"}}', { type: 'append', path: ['a', 'b'], value: 'y' }, '{"a":{"b":"xy"}}'],
    ['{"a":[1]}', { type: 'append', path: ['a', 'b'], value: 1 }, '{"a":{"b":[1]}}'],
    [
      '{"a":{"b":5}}',
      { type: 'append', path: ['a', 'b'], value: 1 },
      '{"a":{"b":5}}',
      'append.type_mismatch',
    ],
  ]);

  it('keeps the levels it made when the leaf does not fit', () => {
    expect(update('{"a":{"b":5},"c":1}', { type: 'append', path: ['c', 'd', 'e'], value: 1 })).toEqual([
      '{"a":{"b":5},"c":{"d":{"e":[1]}}}',
    ]);
  });
});

describe('remove', () => {
  table([
    ['{"a":1,"b":2}', { type: 'remove', path: 'a' }, '{"b":2}'],
    ['{"a":1}', { type: 'remove', path: 'b' }, '{"a":1}'],
    ['{"a":1}', { type: 'remove', path: '' }, 'null'],
    ['[1]', { type: 'remove', path: 'a' }, '[1]', 'remove.target_not_object'],
  ]);
});

describe('a list of operations', () => {
  it('goes on after one that fails, and says which', () => {
    expect(
      update(
        '{"n":1,"s":"x"}',
        { type: 'increment', path: 's', by: 1 },
        { type: 'increment', path: 'n', by: 1 },
        { type: 'set', path: 'constructor', value: 1 },
        { type: 'append', path: 's', value: 'y' },
      ),
    ).toEqual(['{"n":2,"s":"xy"}', '0 increment.not_number', '2 set.path.proto_polluted']);
  });

  it('leaves a document that never was fresh until something succeeds', () => {
    const ignored = { type: 'merge', value: [] };
    expect(update(undefined, ignored, { type: 'append', value: 1 })[0]).toBe('[1]');
    const removed = { type: 'remove', path: 'a' };
    expect(update(undefined, removed, { type: 'append', value: 1 })).toEqual([
      '{}',
      '1 append.type_mismatch',
    ]);
  });

  it('of nothing makes an empty object of nothing, and changes nothing else', () => {
    expect(update(undefined)).toEqual(['{}']);
    expect(update('{ "a" : 1.0 }')).toEqual(['{ "a" : 1.0 }']);
  });

  it('keeps what it does not touch byte for byte', () => {
    const before = '{"big":9007199254740993,"one":1.0,"\\u0061bc":{"x" : [1e3]},"n":1}';
    expect(update(before, { type: 'increment', path: 'n', by: 1 })).toEqual([
      '{"big":9007199254740993,"one":1.0,"abc":{"x" : [1e3]},"n":2}',
    ]);
  });

  it('tells the path and the type it found', () => {
    const { errors } = applyOperations(
      rawFromValue({ a: { b: true } }),
      readOperations(
        rawFromValue([
          { type: 'append', path: ['a', 'b'], value: 1 },
          { type: 'increment', path: 'a', by: 1 },
        ]),
      ),
    );
    expect(errors.map(({ message }) => message)).toEqual([
      '["a","b"] is of type boolean, to which a value of type number cannot be appended',
      'a is of type object, not number',
    ]);
  });

  it('does to plain values what the same steps in JavaScript do', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const op = fc.oneof(
      fc.record({ type: fc.constant('set' as const), path: name, value: fc.jsonValue() }),
      fc.record({ type: fc.constant('remove' as const), path: name }),
      fc.record({
        type: fc.constant('merge' as const),
        value: fc.dictionary(name, fc.jsonValue({ maxDepth: 3 })),
      }),
    );
    fc.assert(
      fc.property(fc.dictionary(name, fc.jsonValue()), fc.array(op), (before, ops) => {
        const expected = new Map(Object.entries(before));
        for (const each of ops) {
          if (each.type === 'set') expected.set(each.path, each.value);
          else if (each.type === 'remove') expected.delete(each.path);
          else for (const [key, value] of Object.entries(each.value)) expected.set(key, value);
        }
        const { value, errors } = applyOperations(rawFromValue(before), readOperations(rawFromValue(ops)));
        expect(errors).toEqual([]);
        expect(JSON.parse(textOfRaw(value))).toEqual(
          JSON.parse(JSON.stringify(Object.fromEntries(expected))),
        );
      }),
    );
  });
});
