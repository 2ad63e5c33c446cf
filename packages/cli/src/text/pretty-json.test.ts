import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prettyJson } from './pretty-json.js';

describe('JSON laid out for reading', () => {
  it.each([
    ['null', 'null'],
    ['""', '""'],
    ['{}', '{}'],
    ['[ ]', '[]'],
    ['{ \n }', '{}'],
    ['[1,2]', '[\n  1,\n  2\n]'],
    ['{"a":{"b":[]}}', '{\n  "a": {\n    "b": []\n  }\n}'],
    ['{"a" :\t"x, {y}: [z]"}', '{\n  "a": "x, {y}: [z]"\n}'],
  ])('%s', (json, expected) => {
    expect(prettyJson(json)).toBe(expected);
  });

  it('keeps numbers as they are written', () => {
    const numbers = ['9007199254740993', '1.0', '-0', '1e400', '0.10000000000000000000001', '1E+2'];
    expect(prettyJson(`[${numbers.join(',')}]`)).toBe(`[\n  ${numbers.join(',\n  ')}\n]`);
  });

  it('keeps members in their order and none is lost, whatever their names', () => {
    expect(prettyJson('{"b":1,"2":2,"1":3,"__proto__":{"x":4},"b":5}')).toBe(
      '{\n  "b": 1,\n  "2": 2,\n  "1": 3,\n  "__proto__": {\n    "x": 4\n  },\n  "b": 5\n}',
    );
  });

  it('spells strings with no escapes but the necessary ones', () => {
    expect(prettyJson('["h\\u00e9\\/\\u0022\\u000a\\\\","\\\\\\"",{"\\u0061":"\\ud83d\\ude00"}]')).toBe(
      JSON.stringify(['hé/"\n\\', '\\"', { a: '😀' }], null, 2),
    );
  });

  it('lays any value out as JSON.stringify does, from any spacing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t', ' \n '), (value, space) => {
        const json = JSON.stringify(value, null, space);
        expect(prettyJson(json)).toBe(JSON.stringify(JSON.parse(json), null, 2));
      }),
    );
  });
});
