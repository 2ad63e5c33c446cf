import fc from 'fast-check';
import { textOfRaw } from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import { CliError, type CliErrorCode } from '../errors.js';
import { readPayload } from './payload.js';

const payload = (pairs: readonly string[], json?: string) => textOfRaw(readPayload(pairs, json));

function failure(pairs: readonly string[], json?: string): CliError {
  try {
    readPayload(pairs, json);
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('the payload of pairs', () => {
  it.each<[string[], string]>([
    [[], '{}'],
    [['a=10'], '{"a":10}'],
    [['a=1.5'], '{"a":1.5}'],
    [['a=-3'], '{"a":-3}'],
    [['a=1e3'], '{"a":1e3}'],
    [['a=true'], '{"a":true}'],
    [['a=null'], '{"a":null}'],
    [['a=hello'], '{"a":"hello"}'],
    [['a=x y'], '{"a":"x y"}'],
    [['a="10"'], '{"a":"10"}'],
    [['a={"x":1}'], '{"a":{"x":1}}'],
    [['a=[1,2]'], '{"a":[1,2]}'],
    [['a='], '{"a":""}'],
    [['a=b=c'], '{"a":"b=c"}'],
    [['a=='], '{"a":"="}'],
    [['a=1', 'a=2'], '{"a":2}'],
    [['a=007'], '{"a":"007"}'],
    [['a=+1'], '{"a":"+1"}'],
    [['a=.5'], '{"a":".5"}'],
    [['a=NaN'], '{"a":"NaN"}'],
    [['a=True'], '{"a":"True"}'],
    [["a='x'"], `{"a":"'x'"}`],
    [['a= 1 '], '{"a":1}'],
    [['a= '], '{"a":" "}'],
    [['a={"x":'], '{"a":"{\\"x\\":"}'],
    [['a.b=1'], '{"a.b":1}'],
    [[' a =1'], '{" a ":1}'],
    [['"a"=1'], '{"\\"a\\"":1}'],
    [['--a=1'], '{"--a":1}'],
    [['größe=ü'], '{"größe":"ü"}'],
    [['n=9007199254740993', 'x=1.0', 'y=1e400'], '{"n":9007199254740993,"x":1.0,"y":1e400}'],
    [['b=1', '2=2', '1=3'], '{"b":1,"2":2,"1":3}'],
    [['__proto__={"polluted":1}', 'constructor=2'], '{"__proto__":{"polluted":1},"constructor":2}'],
  ])('%j', (pairs, expected) => {
    expect(payload(pairs)).toBe(expected);
    expect(Object.prototype).not.toHaveProperty('polluted');
  });
});

describe('the payload of --json', () => {
  it.each(['[1,2]', 'null', '"text"', '12.50', 'true', '{"a":1,"a":2}', '{"b":1, "1":2}'])(
    'is %s as it is written',
    (json) => {
      expect(payload([], json)).toBe(json);
    },
  );

  it.each<[string, string[], string]>([
    ['{"a":1,"b":2}', ['b=3'], '{"a":1,"b":3}'],
    ['{"a":{"x":1}}', ['a={"y":2}'], '{"a":{"y":2}}'],
    ['{ }', ['a=1'], '{"a":1}'],
    ['{"\\u0061":1}', ['a=2'], '{"a":2}'],
    ['{"__proto__":1}', ['__proto__=2'], '{"__proto__":2}'],
    ['{"n":9007199254740993}', ['m=1.0'], '{"n":9007199254740993,"m":1.0}'],
  ])('%s with %j', (json, pairs, expected) => {
    expect(payload(pairs, json)).toBe(expected);
  });

  it('is merged shallowly with pairs of any kind, pairs and the last of them winning', () => {
    const key = fc.string({ minLength: 1, unit: 'grapheme' }).filter((name) => !name.includes('='));
    const pair = fc.tuple(fc.oneof(key, fc.constantFrom('a', 'b', '__proto__', '1')), fc.jsonValue());
    fc.assert(
      fc.property(fc.option(fc.dictionary(key, fc.jsonValue())), fc.array(pair), (object, pairs) => {
        const words = pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`);
        const json = object === null ? undefined : JSON.stringify(object);
        const expected = Object.fromEntries([
          ...Object.entries(JSON.parse(json ?? '{}') as object),
          ...pairs,
        ]);
        expect(JSON.parse(payload(words, json))).toEqual(JSON.parse(JSON.stringify(expected)));
      }),
    );
  });

  it('text that is not JSON arrives as that text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const { a } = JSON.parse(payload([`a=x${text}`])) as { a: string };
        expect(a).toBe(`x${text}`);
      }),
    );
  });
});

describe('what is no payload', () => {
  const deep = '['.repeat(200) + ']'.repeat(200);

  it.each<[string, string[], string | undefined, CliErrorCode, string]>([
    ['a word without =', ['tok'], undefined, 'expected_key_value', 'expected key=value, got `tok`'],
    [
      'such a word beside --json',
      ['a=1', 'tok'],
      '{}',
      'expected_key_value',
      'expected key=value, got `tok`',
    ],
    ['an empty word', [''], undefined, 'expected_key_value', 'expected key=value, got ``'],
    ['an empty key', ['=x'], undefined, 'empty_key', 'payload key must not be empty: `=x`'],
    ['bad JSON', [], '{a}', 'invalid_json', '--json: invalid JSON `{a}`: Expected property name'],
    ['no JSON', [], '', 'invalid_json', '--json: invalid JSON ``: Unexpected end of JSON input'],
    [
      'an array with pairs',
      ['a=1'],
      '[1]',
      'json_not_object',
      '--json must be an object when combined with kv pairs',
    ],
    [
      'null with pairs',
      ['a=1'],
      'null',
      'json_not_object',
      '--json must be an object when combined with kv pairs',
    ],
    ['JSON nested too deeply', [], deep, 'unsupported_json', '--json: nesting deeper than 128'],
    ['a value nested too deeply', [`a=${deep}`], undefined, 'unsupported_json', 'a: nesting deeper than 128'],
    ['half a surrogate pair', ['a="\\ud800"'], undefined, 'unsupported_json', 'a: lone surrogate'],
  ])('%s', (_, pairs, json, code, message) => {
    const error = failure(pairs, json);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.hint).not.toBe('');
  });

  it('a value that is too deep only inside the payload', () => {
    const json = '['.repeat(128) + ']'.repeat(128);
    expect(failure([`a=${json}`]).message).toContain('the payload: nesting deeper than 128');
  });

  it('is quoted up to a point', () => {
    expect(failure(['x'.repeat(5_000)]).message).toMatch(/^expected key=value, got `x{200}…`$/);
  });
});
