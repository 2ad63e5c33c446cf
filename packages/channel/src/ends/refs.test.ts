import { describe, expect, it } from 'vitest';
import { extractChannelRefs, isChannelRef, materializeRefs } from './refs.js';
import type { ChannelRef } from './transport.js';

function ref(id = 'c', direction: ChannelRef['direction'] = 'read'): ChannelRef {
  return { channel_id: id, access_key: 'k', direction };
}

/** Stands for a live end. */
const live = ({ channel_id, direction }: ChannelRef) => `${direction} ${channel_id}`;

describe('isChannelRef', () => {
  it('takes both directions, and other keys beside', () => {
    expect(isChannelRef(ref('c', 'read'))).toBe(true);
    expect(isChannelRef({ ...ref('c', 'write'), more: 1 })).toBe(true);
  });

  it.each([
    null,
    undefined,
    'ref',
    {},
    [],
    { ...ref(), direction: 'both' },
    { ...ref(), channel_id: 1 },
    { channel_id: 'c', direction: 'read' },
  ])('refuses %j', (value) => {
    expect(isChannelRef(value)).toBe(false);
  });
});

describe('extractChannelRefs', () => {
  it('gives paths and the refs themselves, depth first', () => {
    const refs = [ref('0'), ref('1'), ref('2'), ref('3')];
    const value = { a: { b: [refs[0], 1, { 'x y': refs[1] }] }, n: null, c: refs[2], d: [[refs[3]]] };
    const found = extractChannelRefs(value);
    expect(found.map(([path]) => path)).toEqual(['a.b[0]', 'a.b[2].x y', 'c', 'd[0][0]']);
    for (const [i, [, found_]] of found.entries()) expect(found_).toBe(refs[i]);
  });

  it('names the value itself with an empty path, and its elements by index', () => {
    expect(extractChannelRefs(ref())).toEqual([['', ref()]]);
    expect(extractChannelRefs([{ x: ref() }])).toEqual([['[0].x', ref()]]);
    expect(extractChannelRefs('none')).toEqual([]);
    expect(extractChannelRefs({})).toEqual([]);
  });

  it('does not look into a ref', () => {
    expect(extractChannelRefs({ ...ref(), inner: ref('inner') })).toHaveLength(1);
  });

  it('lists what is there twice twice, and gets out of a circle', () => {
    const shared = { r: ref() };
    const value: Record<string, unknown> = { a: shared, b: shared };
    value.self = value;
    expect(extractChannelRefs(value).map(([path]) => path)).toEqual(['a.r', 'b.r']);
  });

  it('goes deeper than the stack', () => {
    let value: unknown = ref();
    for (let i = 0; i < 20_000; i++) value = [value];
    const [found] = extractChannelRefs(value);
    expect(found?.[0]).toHaveLength(20_000 * '[0]'.length);
  });
});

describe('materializeRefs', () => {
  it('replaces refs at any depth, and the value itself', () => {
    expect(materializeRefs(ref('c', 'write'), live)).toBe('write c');
    expect(materializeRefs({ a: [ref('1'), { b: ref('2') }], c: 3 }, live)).toEqual({
      a: ['read 1', { b: 'read 2' }],
      c: 3,
    });
  });

  it('changes the value that was parsed, and nothing of it but the refs', () => {
    const untouched = { deep: [1, 2] };
    const value = { untouched, list: [ref()], last: true };
    const result = materializeRefs(value, live) as typeof value;
    expect(result).toBe(value);
    expect(result.untouched).toBe(untouched);
    expect(value).toEqual({ untouched: { deep: [1, 2] }, list: ['read c'], last: true });
    expect(Object.keys(result)).toEqual(['untouched', 'list', 'last']);
  });

  it.each([1, 'x', null, undefined, [], { a: [{}] }])('gives %j back as it is', (value) => {
    expect(materializeRefs(value, live)).toBe(value);
  });

  it('tells refs apart whose ids and keys make the same text together', () => {
    const refs = [
      { channel_id: 'a', access_key: 'bc', direction: 'read' },
      { channel_id: 'ab', access_key: 'c', direction: 'read' },
      { channel_id: '1:a', access_key: 'b', direction: 'read' },
    ];
    const made: ChannelRef[] = [];
    materializeRefs([...refs], (each) => made.push(each));
    expect(made).toEqual(refs);
  });

  it('makes one end of refs to the same one, two of two directions', () => {
    const made: ChannelRef[] = [];
    const make = (each: ChannelRef) => made.push(each);
    const shared = ref('a');
    const result = materializeRefs([shared, shared, ref('a'), ref('a', 'write')], make) as number[];
    expect(made).toHaveLength(2);
    expect(new Set(result.slice(0, 3)).size).toBe(1);
    expect(result[3]).not.toBe(result[0]);
  });

  it('changes no prototype', () => {
    const value: unknown = JSON.parse(
      `{"__proto__": {"polluted": ${JSON.stringify(ref())}}, "constructor": [1]}`,
    );
    const result = materializeRefs(value, live) as object;
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(result, '__proto__')?.value).toEqual({ polluted: 'read c' });
    expect(Object.keys(result)).toEqual(['__proto__', 'constructor']);
    expect(Reflect.get({}, 'polluted')).toBe(undefined);
  });

  it('goes deeper than the stack', () => {
    let value: unknown = ref();
    for (let i = 0; i < 100_000; i++) value = { in: value };
    let result = materializeRefs(value, live);
    while (typeof result === 'object' && result !== null) result = Reflect.get(result, 'in');
    expect(result).toBe('read c');
  });
});
