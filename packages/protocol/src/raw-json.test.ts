import { describe, expect, it } from 'vitest';
import { JsonSyntaxError } from './json-scanner.js';
import {
  isRawNull,
  isRawObject,
  parseRaw,
  quoted,
  rawFromText,
  rawFromValue,
  textOfRaw,
} from './raw-json.js';
import { raw, text } from './test-support.js';

describe('raw JSON', () => {
  it('is made from values as JSON.stringify does, with null for what has no JSON form', () => {
    expect(text(rawFromValue({ a: undefined, b: new Date(0), c: Number.NaN }))).toBe(
      '{"b":"1970-01-01T00:00:00.000Z","c":null}',
    );
    expect(text(rawFromValue(undefined))).toBe('null');
    expect(text(rawFromValue(() => 1))).toBe('null');
    expect(() => rawFromValue(1n)).toThrow(TypeError);
  });

  it('is made from strings as JSON.stringify does', () => {
    const units = Array.from({ length: 0x110 }, (_, unit) => String.fromCharCode(unit));
    const odd = ['', 'a-b::c_d 1', '\u2028', '\ud83d\ude00', '\ud83d', '\ude00 behind', 'last\n', '"', '\\'];
    for (const one of [...units, ...odd]) expect(quoted(one)).toBe(JSON.stringify(one));
  });

  it('is made from text that is one JSON value', () => {
    expect(text(rawFromText(' {"n": 1.0} \n'))).toBe('{"n": 1.0}');
    expect(() => rawFromText('{} {}')).toThrow(JsonSyntaxError);
    expect(() => rawFromText('')).toThrow(JsonSyntaxError);
  });

  it('gives back values and text', () => {
    expect(parseRaw(raw('{"é":["😀"]}'))).toEqual({ é: ['😀'] });
    expect(textOfRaw(raw('"é😀"'))).toBe('"é😀"');
  });

  it('does not let a payload reach the prototype', () => {
    const value = parseRaw(raw('{"__proto__":{"polluted":true}}')) as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('knows null and objects by their first byte', () => {
    expect([isRawNull(raw('null')), isRawNull(raw('"n"'))]).toEqual([true, false]);
    expect([isRawObject(raw('{}')), isRawObject(raw('[{}]'))]).toEqual([true, false]);
  });
});
