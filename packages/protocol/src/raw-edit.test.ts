import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MemberStamp,
  rawElements,
  rawFromMixed,
  rawFromParts,
  rawMembers,
  rawParts,
  rawPartsList,
  rawStandingFor,
  removeRawMember,
} from './raw-edit.js';
import { parseRaw, rawFromValue } from './raw-json.js';
import { raw, text } from './test-support.js';

const set = (json: string) => text(new MemberStamp('k', 'v').set(raw(json)));
/** Objects as they come out of JSON: no `-0`, and `__proto__` is a member like any other. */
const anyObject = fc
  .dictionary(fc.oneof(fc.constantFrom('k', 'a', '__proto__'), fc.string()), fc.jsonValue({ maxDepth: 2 }))
  .map((object) => JSON.parse(JSON.stringify(object)) as Record<string, unknown>);

describe('setting a member of a raw object', () => {
  it.each([
    ['{}', '{"k":"v"}'],
    ['{ }', '{ "k":"v"}'],
    ['{"n": 9007199254740993}', '{"n": 9007199254740993,"k":"v"}'],
    ['{"k":1}', '{"k":"v"}'],
    ['{"k":1, "k":2, "a":1.0}', '{"a":1.0,"k":"v"}'],
    ['{"a":{"k":1}}', '{"a":{"k":1},"k":"v"}'],
    ['{"a":"\\"k\\":1"}', '{"a":"\\"k\\":1","k":"v"}'],
  ])('%s becomes %s', (before, after) => {
    expect(set(before)).toBe(after);
  });

  it.each(['[]', '"{}"', 'null', '1.0', 'true'])('leaves %s alone', (value) => {
    expect(set(value)).toBe(value);
  });

  it('wins over the same name spelled with escapes, for readers that keep the last', () => {
    expect(JSON.parse(set('{"\\u006b":"forged"}'))).toEqual({ k: 'v' });
  });

  it('does what assignment does, for any object', () => {
    fc.assert(
      fc.property(anyObject, fc.string(), fc.string(), (object, name, value) => {
        const expected = new Map(Object.entries(object));
        expected.set(name, value);
        const actual = parseRaw(new MemberStamp(name, value).set(rawFromValue(object)));
        expect(new Map(Object.entries(actual as object))).toEqual(expected);
      }),
    );
  });
});

describe('removing a member of a raw object', () => {
  it('returns the very same bytes where there is none', () => {
    const object = raw('{"a": {"k": 1}, "b": "k"}');
    expect(text(removeRawMember(object, 'k'))).toBe(text(object));
    expect(removeRawMember(raw('[1]'), 'k')).toEqual(raw('[1]'));
  });

  it('does what delete does, for any object', () => {
    fc.assert(
      fc.property(anyObject, (object) => {
        const expected = new Map(Object.entries(object));
        expected.delete('k');
        const actual = parseRaw(removeRawMember(rawFromValue(object), 'k'));
        expect(new Map(Object.entries(actual as object))).toEqual(expected);
      }),
    );
  });
});

describe('the members of a raw object', () => {
  it('are given as they are spelled, the last of equal names', () => {
    const members = rawMembers(raw('{"a": 1.0, "\\u0062": [ ], "a": 2.50}'));
    expect([...members].map(([name, value]) => [name, text(value)])).toEqual([
      ['a', '2.50'],
      ['b', '[ ]'],
    ]);
  });

  it('are none for other values', () => {
    expect(rawMembers(raw('[1]')).size + rawMembers(raw('{}')).size).toBe(0);
  });
});

describe('values with raw parts', () => {
  it('keep the raw parts as they are and leave out what is undefined', () => {
    const value = {
      a: raw('[1.0, 9007199254740993]'),
      b: undefined,
      c: [raw('{ }'), null, 'x'],
      d: { e: false },
    };
    expect(text(rawFromMixed(value))).toBe(
      '{"a":[1.0, 9007199254740993],"c":[{ },null,"x"],"d":{"e":false}}',
    );
  });

  it('are written as JSON.stringify would where nothing is raw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(text(rawFromMixed(value as never))).toBe(JSON.stringify(value));
      }),
    );
  });
});

describe('an object of parts', () => {
  it('is spelled as they are, without what is undefined', () => {
    const parts = { a: raw('[1.0]'), b: undefined, c: 'é"', d: null, e: raw('{ }') };
    expect(text(rawFromParts(parts))).toBe('{"a":[1.0],"c":"é\\"","d":null,"e":{ }}');
    expect(text(rawFromParts({ a: 'x', b: raw('1') }))).toBe('{"a":"x","b":1}');
    expect(text(rawFromParts({}))).toBe('{}');
  });

  it('gives its parts back to who has this very text', () => {
    const parts = { a: raw('1'), c: 'x' };
    const made = rawFromParts(parts);
    expect(rawParts(made)).toBe(parts);
    expect(rawParts(raw(text(made)))).toBeUndefined();
  });

  it('has one stand for a list of them, for who has this very text', () => {
    const list = [{ a: raw('[1.0]'), b: undefined }, {}, { c: 'x' }];
    const made = rawStandingFor(list);
    expect(text(made)).toBe('{"parts":3}');
    expect(rawPartsList(made)).toBe(list);
    expect(rawPartsList(raw(text(made)))).toBeUndefined();
    expect(rawParts(made)).toBeUndefined();
  });
});

describe('the elements of a raw array', () => {
  it.each([
    ['[]', []],
    ['[ ]', []],
    ['[1.0, "a" ,[2],{"k":null}]', ['1.0', '"a"', '[2]', '{"k":null}']],
    ['{"a":[1]}', []],
    ['"[1]"', []],
  ])('%s', (json, elements) => {
    expect(rawElements(raw(json)).map(text)).toEqual(elements);
  });
});
