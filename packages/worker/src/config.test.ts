import { Type } from 'iii-protocol/schema';
import { describe, expect, it } from 'vitest';
import { ConfigError, formatPath, readConfig } from './config.js';
import { suggest } from './suggest.js';

const strict = { additionalProperties: false };
const Schema = Type.Object(
  {
    port: Type.Integer({ minimum: 0, maximum: 65535, default: 3111 }),
    host: Type.String({ default: '127.0.0.1', minLength: 1 }),
    cors: Type.Union(
      [Type.Object({ allowed_origins: Type.Array(Type.String(), { default: [] }) }, strict), Type.Null()],
      { default: null },
    ),
    middleware: Type.Array(
      Type.Object({ function_id: Type.String(), priority: Type.Integer({ default: 0 }) }, strict),
      { default: [] },
    ),
    mode: Type.Union([Type.Literal('a'), Type.Literal('b')], { default: 'a' }),
  },
  strict,
);

function problems(given: unknown): string[] {
  try {
    readConfig('iii-http', Schema, given);
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems.map(({ path, message }) => `${formatPath(path)}: ${message}`);
    }
    throw error;
  }
  throw new Error('accepted');
}

describe('reading a configuration', () => {
  it.each([undefined, null, {}])('takes %j for all defaults', (given) => {
    expect(readConfig('iii-http', Schema, given)).toEqual({
      port: 3111,
      host: '127.0.0.1',
      cors: null,
      middleware: [],
      mode: 'a',
    });
  });

  it('fills in defaults at every depth, and leaves what it was given alone', () => {
    const given = { port: 0, cors: {}, middleware: [{ function_id: 'f' }] };
    expect(readConfig('iii-http', Schema, given)).toMatchObject({
      port: 0,
      cors: { allowed_origins: [] },
      middleware: [{ function_id: 'f', priority: 0 }],
    });
    expect(given).toEqual({ port: 0, cors: {}, middleware: [{ function_id: 'f' }] });
  });

  it('calls a text by its title where it has one, which says more than a pattern', () => {
    const Titled = Type.Object(
      { header: Type.String({ pattern: '^[a-z]+$', title: 'the name of a header' }) },
      strict,
    );
    expect(() => readConfig('w', Titled, { header: 'a b' })).toThrow(
      'header: expected the name of a header, not "a b"',
    );
  });

  it.each([
    [{ port: '3111' }, ['port: expected an integer from 0 to 65535, not "3111"']],
    [{ port: 70000 }, ['port: expected an integer from 0 to 65535, not 70000']],
    [{ host: '' }, ['host: expected a non-empty string, not ""']],
    [{ mode: 'c' }, ['mode: expected "a" or "b", not "c"']],
    [{ prot: 1 }, ['prot: is not known. Did you mean "port"?']],
    [{ zzzzzzzz: 1 }, ['zzzzzzzz: is not known. Known are port, host, cors, middleware, mode']],
    [{ middleware: [{ priority: 1 }] }, ['middleware[0].function_id: is required: expected a string']],
    [
      { middleware: [{ function_id: 'f', priorty: 1 }] },
      ['middleware[0].priorty: is not known. Did you mean "priority"?'],
    ],
    [
      { port: true, host: 5 },
      expect.arrayContaining([expect.stringMatching(/^port:/), expect.stringMatching(/^host:/)]),
    ],
    [5, [': expected a mapping, not 5']],
    [[], [': expected a mapping, not []']],
  ])('says what is wrong with %j', (given, expected) => {
    expect(problems(given)).toEqual(expected);
  });

  it('says in one sentence whose configuration it is', () => {
    expect(() => readConfig('iii-http', Schema, { port: -1 })).toThrow(
      'invalid configuration of iii-http: port: expected an integer from 0 to 65535, not -1',
    );
  });

  it('does not let a configuration reach the prototype', () => {
    const given = JSON.parse('{"__proto__": {"polluted": true}}') as unknown;
    expect(problems(given)).toEqual([expect.stringContaining('__proto__')]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('suggestions', () => {
  it.each([
    ['iii-htp', 'iii-http'],
    ['htpp', 'http'],
    ['STATE', 'state'],
    ['qeue', 'queue'],
    ['something-else', undefined],
    ['', undefined],
  ])('%j means %s', (written, meant) => {
    expect(suggest(written, ['iii-http', 'http', 'iii-state', 'state', 'queue'])).toBe(meant);
  });
});
