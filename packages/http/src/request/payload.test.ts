import { parseRaw, RAW_NULL, type RawJson, rawFromText, textOfRaw } from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import { parseRoute } from '../routing/route.js';
import {
  callPayload,
  handlerPayload,
  headerFields,
  middlewarePayload,
  queryFields,
  requestFields,
} from './payload.js';

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
    expect(JSON.parse(queryFields(query))).toEqual(expected);
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
    expect(JSON.parse(headerFields(lines))).toEqual(expected);
  });
});

it('names that clients choose reach no prototype, and survive the way to the handler', () => {
  for (const fields of [queryFields('__proto__=1&toString=2'), headerFields([['__proto__', '1']])]) {
    expect(fields).toContain('"__proto__":"1"');
  }
  expect({}.toString).toBe(Object.prototype.toString);
});

describe('payloads', () => {
  const route = parseRoute({ id: 't', function_id: 'f', config: { api_path: 'o/":id' } }, 'default');
  const head = {
    method: 'HEAD',
    path: '/o/x',
    query: 'q=1',
    headers: [['h', 'v"\\']] as const,
    remoteAddress: '192.0.2.1',
    header: () => undefined,
  };
  const fields = requestFields(head, { id: '4"2' }, head.headers);
  const seen = {
    query_params: { q: '1' },
    path_params: { id: '4"2' },
    headers: { h: 'v"\\' },
    method: 'HEAD',
  };
  const call = { ...seen, path: 'o/":id', trigger: { type: 'http', path: 'o/":id', method: 'HEAD' } };
  const parsed = (raw: RawJson): unknown => parseRaw(raw);

  it('carry the path as it was registered, and a body in any case', () => {
    const parts = { fields, route, body: RAW_NULL, context: {} };
    expect(parsed(callPayload(parts))).toEqual({ ...call, body: null });
  });

  it('carry the body as it was spelled', () => {
    const parts = { fields, route, body: rawFromText('{"n": 12345678901234567890}'), context: {} };
    expect(textOfRaw(callPayload(parts))).toContain('"body":{"n": 12345678901234567890},');
  });

  it('carry a context when there is something in it', () => {
    const parts = { fields, route, body: rawFromText('1'), context: { user: 'u' } };
    expect(parsed(callPayload(parts))).toEqual({ ...call, body: 1, context: { user: 'u' } });
  });

  it('of handlers carry the refs of their channels', () => {
    const refs = {
      request_body: { channel_id: 'a', access_key: 'k', direction: 'read' },
      response: { channel_id: 'b', access_key: 'k', direction: 'write' },
    } as const;
    const parts = { fields, route, body: RAW_NULL, context: {} };
    expect(parsed(handlerPayload(parts, refs))).toEqual({ ...call, body: null, ...refs });
  });

  it('of middleware have no body and no path', () => {
    expect(parsed(middlewarePayload(fields, { a: 1 }))).toEqual({
      phase: 'preHandler',
      request: seen,
      context: { a: 1 },
    });
  });
});
