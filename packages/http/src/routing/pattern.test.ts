import { describe, expect, it } from 'vitest';
import { HttpError } from '../errors.js';
import { parsePattern } from './pattern.js';

const literal = (text: string) => ({ kind: 'literal', text });
const PARAM = { kind: 'param' };
const REST = { kind: 'rest' };

describe('a pattern', () => {
  it.each([
    ['/a/b', [literal('a'), literal('b')], []],
    ['a/b', [literal('a'), literal('b')], []],
    ['', [literal('')], []],
    ['/', [literal('')], []],
    ['//a', [literal(''), literal('a')], []],
    ['/a/', [literal('a'), literal('')], []],
    ['/u/:id', [literal('u'), PARAM], ['id']],
    ['/u/{id}', [literal('u'), PARAM], ['id']],
    ['/f/:id.json', [literal('f'), PARAM], ['id.json']],
    ['/f/{*path}', [literal('f'), REST], ['path']],
    ['/:a/:a', [PARAM, PARAM], ['a', 'a']],
    ['/v1:beta', [literal('v1:beta')], []],
    ['/{{x}}', [literal('{x}')], []],
    ['/a{{', [literal('a{')], []],
    ['/a*', [literal('a*')], []],
    ['/café', [literal('cafÃ©')], []],
    ['/%61', [literal('%61')], []],
  ])('%j is read segment by segment', (apiPath, segments, names) => {
    expect(parsePattern(apiPath)).toMatchObject({ segments, names });
  });

  it('keeps its text, with one leading slash more where it has none', () => {
    expect(parsePattern('a/:b').text).toBe('/a/:b');
    expect(parsePattern('//a').text).toBe('//a');
  });

  it.each([
    ['/*', 'has a segment "*"; for the rest of a path write {*name}'],
    ['/a/*rest', 'has a segment "*rest"'],
    ['/:', 'has a parameter ":" without a valid name'],
    ['/:a{b}', 'has a parameter ":a{b}" without a valid name'],
    ['/{}', 'has a brace in "{}"'],
    ['/{*}', 'has a brace in "{*}"'],
    ['/{a', 'has a brace in "{a"'],
    ['/a}', 'has a brace in "a}"'],
    ['/{a}b', 'has a brace in "{a}b"'],
    ['/v{a}', 'has a brace in "v{a}"'],
    ['/{a/b}', 'has a brace in "{a"'],
    ['/{{a}', 'has a brace in "{{a}"'],
    ['/{*rest}/a', 'has "{*rest}" before its last segment'],
    ['/a?b=1', 'has a query'],
    [`/${Array.from({ length: 26 }, (_, i) => `:p${i}`).join('/')}`, 'has more than 25 parameters'],
    [`/${'a'.repeat(4096)}`, 'is longer than 4096 characters'],
  ])('%j is refused, saying why and what to write instead', (apiPath, reason) => {
    expect(() => parsePattern(apiPath)).toThrow(HttpError);
    expect(() => parsePattern(apiPath)).toThrow(reason);
    expect(() => parsePattern(apiPath)).toThrow(
      'segments are literal text, :name, {name}, or {*rest} at the end',
    );
  });

  it('may have 25 parameters', () => {
    const apiPath = Array.from({ length: 25 }, (_, i) => `:p${i}`).join('/');
    expect(parsePattern(apiPath).names).toHaveLength(25);
  });

  it('that is refused is quoted in part when it is long', () => {
    expect(() => parsePattern(`/${'a'.repeat(5000)}`)).toThrow(/^.{0,400}$/);
  });
});
