import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { drivers, type Payload, TestBed } from './test-support.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const SECURITY = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'SAMEORIGIN',
  'referrer-policy': 'no-referrer',
  'x-permitted-cross-domain-policies': 'none',
};
const PREFLIGHT = { origin: 'http://a.example', 'access-control-request-method': 'POST' };

describe.each(drivers)('ids of requests and headers for security, driver %s', (driver) => {
  let bed: TestBed;
  let seen: Record<string, string> = {};
  let result: unknown;

  beforeAll(async () => {
    bed = await TestBed.open({
      config: { driver, request_id_header: 'X-Request-Id', security_headers: true },
    });
    await bed.route('/result', ({ headers }: Payload) => {
      seen = headers;
      return result;
    });
    await bed.route('/fails', () => {
      throw new Error('out of order');
    });
    await bed.route('/streams', async ({ response }: Payload) => {
      response.stream.end('piece');
    });
  });
  beforeEach(() => {
    result = {};
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  const idOf = async (path: string, more: object = {}) => (await bed.ask(path, more)).headers['x-request-id'];

  it('an id that comes with a request reaches the handler and goes back', async () => {
    expect(await idOf('/result', { headers: { 'X-Request-ID': 'edge-1/7' } })).toBe('edge-1/7');
    expect(seen['x-request-id']).toBe('edge-1/7');
  });

  it('a request without one is given one, each its own', async () => {
    const first = await idOf('/result');
    expect(first).toMatch(UUID);
    expect(seen['x-request-id']).toBe(first);
    expect(await idOf('/result')).not.toBe(first);
  });

  it.each([
    ['empty', ''],
    ['with a space in it', 'a b'],
    ['with a tab in it', 'a\tb'],
    ['too long', 'x'.repeat(129)],
  ])('an id that is %s is replaced, for the handler as well', async (_, given) => {
    const id = await idOf('/result', { headers: { 'x-request-id': given } });
    expect(id).toMatch(UUID);
    expect(seen['x-request-id']).toBe(id);
  });

  it('an id of 128 characters is kept', async () => {
    const longest = 'x'.repeat(128);
    expect(await idOf('/result', { headers: { 'x-request-id': longest } })).toBe(longest);
  });

  it.each([
    ['an error', '/fails', {}, 500],
    ['a stream', '/streams', {}, 200],
    ['no route', '/nowhere', {}, 404],
    ['another method', '/result', { method: 'PUT' }, 405],
    ['a preflight', '/result', { method: 'OPTIONS', headers: PREFLIGHT }, 200],
  ])('%s carries the id and the headers for security too', async (_, path, request: object, status) => {
    const given = (request as { headers?: object }).headers;
    const reply = await bed.ask(path, { ...request, headers: { ...given, 'x-request-id': 'r-9' } });
    expect(reply.status).toBe(status);
    expect(reply.headers).toMatchObject({ 'x-request-id': 'r-9', ...SECURITY });
  });

  it('is in the log line of a failure', async () => {
    await bed.ask('/fails', { headers: { 'x-request-id': 'logged-1' } });
    const line = bed.log.of('error').find(({ fields }) => fields.request_id === 'logged-1');
    expect(line).toMatchObject({ fields: { route: '/fails' } });
  });

  it('what a handler returns counts for security, and the id for its own name', async () => {
    const own = { 'X-Frame-Options': 'DENY', 'X-Request-Id': 'mine' };
    result = { status_code: 200, headers: own, body: {} };
    const { rawHeaders } = await bed.ask('/result', { headers: { 'x-request-id': 'theirs' } });
    const values = (name: string) =>
      rawHeaders.filter((_, n) => n % 2 === 1 && rawHeaders[n - 1]?.toLowerCase() === name);
    expect(values('x-frame-options')).toEqual(['DENY']);
    expect(values('x-request-id')).toEqual(['theirs']);
    expect(values('referrer-policy')).toEqual(['no-referrer']);
  });

  it('neither is there unless it is configured', async () => {
    await using plain = await TestBed.open({ config: { driver } });
    await plain.route('/result', ({ headers }: Payload) => {
      seen = headers;
    });
    const { headers } = await plain.ask('/result');
    for (const name of ['x-request-id', ...Object.keys(SECURITY)]) expect(headers).not.toHaveProperty(name);
    expect(seen).not.toHaveProperty('x-request-id');
  });
});
