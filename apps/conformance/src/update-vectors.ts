/** One row of the table of updates (workers-state-stream-pubsub-cron.md §6.1). */
export interface UpdateVector {
  readonly row: string;
  /** What is stored before; undefined for nothing. */
  readonly stored: unknown;
  readonly ops: readonly object[];
  readonly newValue: unknown;
  /** `index:code` of each operation that was skipped. */
  readonly errors?: readonly string[];
}

const append = (path: unknown, value: unknown) => ({ type: 'append', path, value });
const appendRoot = (value: unknown) => ({ type: 'append', value });
const set = (path: string, value: unknown) => ({ type: 'set', path, value });
const merge = (path: unknown, value: unknown) => ({ type: 'merge', path, value });
const increment = (path: string, by: number) => ({ type: 'increment', path, by });
const decrement = (path: string, by: number) => ({ type: 'decrement', path, by });
const remove = (path: string) => ({ type: 'remove', path });

const NOTHING = undefined;
/** An own member of this name, which a literal could not have. */
const withProto: unknown = JSON.parse('{"__proto__":{}}');
const nested = (levels: number): unknown => (levels === 1 ? {} : { a: nested(levels - 1) });
const manyKeys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]));

type Row = readonly [
  row: string,
  stored: unknown,
  ops: readonly object[],
  newValue: unknown,
  ...errors: string[],
];

const ROWS: readonly Row[] = [
  ['1', NOTHING, [], {}],
  ['2', NOTHING, [appendRoot('a')], 'a'],
  ['3', NOTHING, [appendRoot({ k: 1 })], [{ k: 1 }]],
  ['4', NOTHING, [appendRoot(['x'])], [['x']]],
  ['5', NOTHING, [increment('', 3)], 3],
  ['6', NOTHING, [decrement('', 3)], -3],
  ['7', NOTHING, [set('__proto__', 1), appendRoot('x')], 'x', '0:set.path.proto_polluted'],
  ['8', NOTHING, [remove('a'), appendRoot('x')], {}, '1:append.type_mismatch'],
  ['9', NOTHING, [append(['s', 'e'], 'f')], { s: { e: ['f'] } }],
  ['10', NOTHING, [append('s', 'f')], { s: 'f' }],
  ['11', { e: ['a'] }, [append('e', ['b'])], { e: ['a', ['b']] }],
  ['12', { t: 'he' }, [append('t', 'llo')], { t: 'hello' }],
  ['13', { t: 'he' }, [append('t', 1)], { t: 'he' }, '0:append.type_mismatch'],
  ['14', { t: {} }, [append('t', 'x')], { t: {} }, '0:append.type_mismatch'],
  ['15', { t: null }, [append('t', 'x')], { t: 'x' }],
  ['16', { a: [1, 2, 3] }, [append(['a', 'b'], 42)], { a: { b: [42] } }],
  ['17', [1], [append(['a', 'b'], 'x')], [1], '0:append.target_not_object'],
  ['18', 'leaf', [append('e', 'x')], 'leaf', '0:append.target_not_object'],
  ['19', { 'u.n': ['A'], u: { n: ['B'] } }, [append('u.n', 'C')], { 'u.n': ['A', 'C'], u: { n: ['B'] } }],
  ['20', { c: 10 }, [increment('c', 5), decrement('c', 3)], { c: 12 }],
  ['21', { c: 1.5 }, [increment('c', 2), decrement('c', 1)], { c: 2.5 }],
  ['22', { c: null }, [increment('c', 1)], { c: null }, '0:increment.not_number'],
  ['23', { c: 'x' }, [increment('c', 0)], { c: 'x' }, '0:increment.not_number'],
  ['24', {}, [decrement('c', 3)], { c: -3 }],
  ['26', 2, [increment('', 3)], 5],
  ['27', 'leaf', [increment('c', 1)], 'leaf', '0:increment.target_not_object'],
  ['28, no path', { a: 1 }, [{ type: 'merge', value: { b: 2 } }], { a: 1, b: 2 }],
  ['28, an empty path', { a: 1 }, [merge('', { b: 2 })], { a: 1, b: 2 }],
  ['28, an empty list', { a: 1 }, [merge([], { b: 2 })], { a: 1, b: 2 }],
  ['28, null', { a: 1 }, [merge(null, { b: 2 })], { a: 1, b: 2 }],
  ['29', 'leaf', [{ type: 'merge', value: { a: 1 } }], 'leaf'],
  ['30', 'leaf', [merge('a', { n: 1 })], { a: { n: 1 } }],
  ['31', { s: { x: 'junk' } }, [merge(['s', 'x'], { p: 1 })], { s: { x: { p: 1 } } }],
  ['32', { s: null }, [merge(['s', 'x'], { p: 1 })], { s: { x: { p: 1 } } }],
  ['33', { s: { x: { o: 1, k: 2 } } }, [merge(['s', 'x'], { o: 9 })], { s: { x: { o: 9, k: 2 } } }],
  ['34', { a: { b: 1 } }, [merge(['a.b'], { x: 1 })], { a: { b: 1 }, 'a.b': { x: 1 } }],
  ['35', { a: 1 }, [merge('f', 'str')], { a: 1 }, '0:merge.value.not_an_object'],
  ['36', {}, [merge('f', withProto)], {}, '0:merge.value.proto_polluted'],
  ['37', {}, [merge(Array(33).fill('a'), {})], {}, '0:merge.path.too_deep'],
  ['38', {}, [merge(['a', ''], {})], {}, '0:merge.path.empty_segment'],
  ['39', {}, [append('x'.repeat(257), 1)], {}, '0:append.path.segment_too_long'],
  ['40', {}, [merge('f', nested(17))], {}, '0:merge.value.too_deep'],
  ['41', {}, [merge('f', manyKeys(1_025))], {}, '0:merge.value.too_many_keys'],
  ['42', {}, [merge('s', { a: 1 }), remove('s'), merge('s', { b: 2 })], { s: { b: 2 } }],
  ['43', { '': 'e', k: 1 }, [{ type: 'set', path: '' }], null],
  ['44', { '': 'e', k: 1 }, [remove('')], null],
  ['45', 'leaf', [set('f', 1)], 'leaf', '0:set.target_not_object'],
  ['46', 'leaf', [remove('f')], 'leaf', '0:remove.target_not_object'],
  [
    '47',
    { bad: 'v', events: {} },
    [increment('bad', 1), set('__proto__', true), append('events', 'c'), set('ok', true)],
    { bad: 'v', events: {}, ok: true },
    ...['0:increment.not_number', '1:set.path.proto_polluted', '2:append.type_mismatch'],
  ],
  [
    '48',
    { buffer: [] },
    [append('buffer', 1), append(['__proto__', 'p'], 2), append('buffer', 3)],
    { buffer: [1, 3] },
    '1:append.path.proto_polluted',
  ],
  ['50', { safe: {} }, [append(['safe', 'prototype'], 'x')], { safe: {} }, '0:append.path.proto_polluted'],
];

/** Rows 25 and 49 are not among them: the one needs more digits than JavaScript has, the other fails as a whole. */
export const UPDATE_VECTORS: readonly UpdateVector[] = ROWS.map(
  ([row, stored, ops, newValue, ...errors]) => ({
    row,
    stored,
    ops,
    newValue,
    errors,
  }),
);

/** Row 49: lists of operations that are refused as a whole. */
export const REFUSED_OPS: ReadonlyArray<readonly [what: string, ops: readonly object[]]> = [
  ['an unknown type', [{ type: 'multiply', path: 'a', by: 2 }]],
  ['a fraction', [{ type: 'increment', path: 'a', by: 1.5 }]],
  ['a list for a field', [{ type: 'set', path: ['a'], value: 1 }]],
];
