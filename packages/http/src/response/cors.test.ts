import type { HeaderList, RequestHead } from 'iii-listener';
import { describe, expect, it } from 'vitest';
import { createCors, hasVoidOrigins } from './cors.js';

const VARY = 'vary: origin, access-control-request-method, access-control-request-headers';

function request(origin?: string): RequestHead {
  const headers: HeaderList = origin === undefined ? [] : [['origin', origin]];
  const header = (name: string) => headers.find(([key]) => key === name)?.[1];
  return { method: 'GET', path: '/', query: '', headers, remoteAddress: '', header };
}

const lines = (headers: HeaderList) => headers.map((header) => header.join(': '));

const ANY = 'access-control-allow-origin: *';
const OK = 'http://ok.com';

describe('CORS (worker-http.md §10)', () => {
  it.each([
    ['no configuration', null, undefined, [ANY], ['*'], true],
    ['no configuration', null, OK, [ANY], ['*'], true],
    ['empty lists', { allowed_origins: [], allowed_methods: [] }, OK, [ANY], ['*'], false],
    ['a star', { allowed_origins: ['*'], allowed_methods: ['GET'] }, OK, [ANY], ['GET'], false],
    [
      'a star among others',
      { allowed_origins: [OK, '*'], allowed_methods: [] },
      undefined,
      [ANY],
      ['*'],
      false,
    ],
    [
      'an origin that is listed',
      { allowed_origins: [OK], allowed_methods: ['GET', 'POST'] },
      OK,
      [`access-control-allow-origin: ${OK}`],
      ['GET,POST'],
      false,
    ],
    ['one that is not', { allowed_origins: [OK], allowed_methods: [] }, 'http://evil.com', [], ['*'], false],
    [
      'one in another case',
      { allowed_origins: [OK], allowed_methods: [] },
      'http://OK.com',
      [],
      ['*'],
      false,
    ],
    ['no origin', { allowed_origins: [OK], allowed_methods: [] }, undefined, [], ['*'], false],
    ['methods as written', { allowed_origins: [], allowed_methods: ['get'] }, OK, [ANY], ['get'], false],
    ['nothing valid', { allowed_origins: ['\n'], allowed_methods: ['a b'] }, '\n', [], [], false],
  ])('with %s', (_, config, origin, allowOrigin, methods, exposesAll) => {
    const cors = createCors(config);
    expect(lines(cors.preflight(request(origin)))).toEqual([
      ...allowOrigin,
      ...methods.map((list) => `access-control-allow-methods: ${list}`),
      'access-control-allow-headers: *',
      VARY,
    ]);
    expect(lines(cors.apply(request(origin), [['x', 'y']]))).toEqual([
      'x: y',
      ...allowOrigin,
      ...(exposesAll ? ['access-control-expose-headers: *'] : []),
      VARY,
    ]);
  });

  it('wins over the same headers of a handler, and leaves its others alone', () => {
    const own: HeaderList = [
      ['Access-Control-Allow-Origin', 'http://evil.com'],
      ['Access-Control-Allow-Credentials', 'true'],
      ['Vary', 'accept'],
    ];
    expect(lines(createCors(null).apply(request(), own))).toEqual([
      'Access-Control-Allow-Credentials: true',
      'Vary: accept',
      ANY,
      'access-control-expose-headers: *',
      VARY,
    ]);
    const strict = createCors({ allowed_origins: [OK], allowed_methods: [] });
    expect(lines(strict.apply(request(), own))).toContain('Access-Control-Allow-Origin: http://evil.com');
  });

  it('knows origins that a star makes void', () => {
    expect(hasVoidOrigins({ allowed_origins: ['*', OK], allowed_methods: [] })).toBe(true);
    expect(hasVoidOrigins({ allowed_origins: ['*'], allowed_methods: [] })).toBe(false);
    expect(hasVoidOrigins({ allowed_origins: [OK], allowed_methods: [] })).toBe(false);
  });
});
