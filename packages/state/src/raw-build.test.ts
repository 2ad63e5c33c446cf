import fc from 'fast-check';
import { type RawJson, rawFromValue, textOfRaw } from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import { rawArray, rawObject } from './raw-build.js';

describe('JSON text put together', () => {
  it('says what a value of the same parts would', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.option(fc.jsonValue(), { nil: undefined })), (members) => {
        const raw: Record<string, RawJson | undefined> = Object.create(null);
        for (const [name, value] of Object.entries(members)) {
          raw[name] = value === undefined ? undefined : rawFromValue(value);
        }
        expect(JSON.parse(textOfRaw(rawObject(raw)))).toEqual(JSON.parse(JSON.stringify(members)));
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (items) => {
        const raw = rawArray(items.map((item) => rawFromValue(item)));
        expect(JSON.parse(textOfRaw(raw))).toEqual(JSON.parse(JSON.stringify(items)));
      }),
    );
  });

  it('has its members in the order they were given, and leaves out what is undefined', () => {
    const one = rawFromValue(1);
    expect(textOfRaw(rawObject({ b: undefined, c: one, a: one }))).toBe('{"c":1,"a":1}');
    expect(textOfRaw(rawObject({ a: undefined }))).toBe('{}');
    expect(textOfRaw(rawArray([]))).toBe('[]');
  });
});
