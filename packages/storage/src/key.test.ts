import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys, type KeyPart, keyBehind, keyOf, lastIntegerOf, partsOf, rangeOf } from './key.js';

const text = fc.string({ unit: 'binary' });
const part: fc.Arbitrary<KeyPart> = fc.oneof(text, fc.constant('\u0000'), fc.maxSafeInteger());
const parts = fc.array(part, { maxLength: 4 });

function compareParts(a: readonly KeyPart[], b: readonly KeyPart[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    if (left === right) continue;
    if (typeof left === 'number' && typeof right === 'number') return left < right ? -1 : 1;
    if (typeof left === 'string' && typeof right === 'string')
      return Buffer.compare(Buffer.from(left), Buffer.from(right));
    return typeof left === 'number' ? -1 : 1;
  }
  return a.length === b.length ? 0 : -1;
}

describe('keys', () => {
  it('give back the parts they were made of', () => {
    fc.assert(
      fc.property(parts, (value) => {
        expect(partsOf(keyOf(...value))).toEqual(value.map((each) => (each === 0 ? 0 : each)));
      }),
    );
  });

  it('are made of others with integers behind, and give those back', () => {
    const integers = fc.array(fc.maxSafeInteger(), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(parts, integers, (before, last) => {
        const key = Uint8Array.from(keyOf(...before, ...last));
        expect(Buffer.compare(keyBehind(keyOf(...before), ...last), key)).toBe(0);
        const found = last.map((_, at) => lastIntegerOf(key, last.length - 1 - at));
        expect(found).toEqual(last.map((each) => (each === 0 ? 0 : each)));
      }),
    );
  });

  it('are ordered as their parts are', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(compareKeys(keyOf(...a), keyOf(...b))).toBe(compareParts(a, b));
      }),
    );
  });

  it('that begin with others lie in one range', () => {
    fc.assert(
      fc.property(parts, parts, parts, (prefix, rest, other) => {
        const { from, to } = rangeOf(...prefix);
        const inside = (key: Uint8Array) => compareKeys(key, from) >= 0 && compareKeys(key, to) < 0;
        expect(inside(keyOf(...prefix, ...rest))).toBe(true);
        const begins = prefix.every((each, index) => each === other[index]);
        expect(inside(keyOf(...other))).toBe(begins);
      }),
    );
  });

  it('take safe integers only', () => {
    expect(() => keyOf(0.5)).toThrow('a key takes safe integers, not 0.5');
    expect(() => keyOf(2 ** 53)).toThrow(RangeError);
  });

  it.each([[[7]], [[2, 65]], [[1, 0]]])('are not these bytes: %j', (bytes) => {
    expect(() => partsOf(Uint8Array.from(bytes))).toThrow('not a key');
  });
});
