import { describe, expect, it } from 'vitest';
import { parseRoute } from '../routing/route.js';
import { callPayload, headerFields, middlewarePayload, queryFields } from './payload.js';

describe('query parameters', () => {
  it.each([
    ['', {}],
    ['q=hi&limit=10', { q: 'hi', limit: '10' }],
    ['x=1&x=2', { x: '2' }],
    ['a+b=c+d', { 'a b': 'c d' }],
    ['a%20b=%C3%A9', { 'a b': 'é' }],
    ['bad=%ff', { bad: '\ufffd' }],
    ['odd=%zz&half=%', { odd: '%zz', half: '%' }],
    ['flag&x=', { flag: '', x: '' }],
    ['a[]=1&a[]=2', { 'a[]': '2' }],
    ['&&a=1&', { a: '1' }],
    ['=v', { '': 'v' }],
    ['?a=1', { '?a': '1' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=1#b', { a: '1#b' }],
    ['raw=Ã©', { raw: 'é' }],
  ])('of %j are %j', (query, expected) => {
    expect({ ...queryFields(query) }).toEqual(expected);
  });
});

describe('headers', () => {
  it.each([
    [[], {}],
    [
      [
        ['x-a', '1'],
        ['x-a', '2'],
      ],
      { 'x-a': '2' },
    ],
    [
      [
        ['cookie', 'a=1'],
        ['x', 'y'],
        ['cookie', 'b=2'],
      ],
      { cookie: 'a=1; b=2', x: 'y' },
    ],
    [[['x', 'tab\tis fine']], { x: 'tab\tis fine' }],
    [[['x', 'caf\xe9']], { x: '' }],
  ] as const)('%j become %j', (lines, expected) => {
    expect({ ...headerFields(lines) }).toEqual(expected);
  });
});

it('names that clients choose reach no prototype, and survive the way to the handler', () => {
  for (const fields of [queryFields('__proto__=1&toString=2'), headerFields([['__proto__', '1']])]) {
    expect(Object.getPrototypeOf(fields)).toBeNull();
    expect(JSON.stringify(fields)).toContain('"__proto__":"1"');
  }
  expect({}.toString).toBe(Object.prototype.toString);
});

describe('payloads', () => {
  const route = parseRoute({ id: 't', function_id: 'f', config: { api_path: 'o/:id' } }, 'default');
  const fields = { query_params: { q: '1' }, path_params: { id: '42' }, headers: { h: 'v' }, method: 'HEAD' };

  it('carry the path as it was registered, and a body in any case', () => {
    expect(callPayload(fields, route, null, {})).toEqual({
      ...fields,
      path: 'o/:id',
      body: null,
      trigger: { type: 'http', path: 'o/:id', method: 'HEAD' },
    });
  });

  it('carry a context when there is something in it', () => {
    expect(callPayload(fields, route, 1, { user: 'u' })).toMatchObject({ body: 1, context: { user: 'u' } });
  });

  it('of middleware have no body and no path', () => {
    expect(middlewarePayload(fields, { a: 1 })).toEqual({
      phase: 'preHandler',
      request: fields,
      context: { a: 1 },
    });
  });
});
