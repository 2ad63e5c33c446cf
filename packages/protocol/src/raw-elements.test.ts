import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rawElements } from './raw-elements.js';
import { parseRaw, rawFromValue } from './raw-json.js';
import { raw, text } from './test-support.js';

it('the elements of an array are given as they are spelled', () => {
  const elements = rawElements(raw('[ 1.0 , [2, {"a": "]"}],9007199254740993 ]')) ?? [];
  expect(elements.map(text)).toEqual(['1.0', '[2, {"a": "]"}]', '9007199254740993']);
  expect(rawElements(raw('[ ]'))).toEqual([]);
  expect(rawElements(raw('{"0": 1}'))).toBeUndefined();
});

it('they are those that JSON.parse finds', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (values) => {
      expect((rawElements(rawFromValue(values)) ?? []).map(parseRaw)).toEqual(
        JSON.parse(JSON.stringify(values)),
      );
    }),
  );
});
