import { HandlerError } from 'iii-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drivers, TestBed } from './test-support.js';

const VARY = 'origin, access-control-request-method, access-control-request-headers';
const NOT_FOUND = { error: { code: 'NOT_FOUND', message: 'Not Found' } };

describe.each(drivers)('answers, driver %s', (driver) => {
  let bed: TestBed;
  let result: unknown;

  beforeAll(async () => {
    bed = await TestBed.open({ config: { driver } });
    await bed.route('/result', () => result);
    await bed.route('/fails', () => {
      throw new Error('out of order');
    });
    await bed.route('/coded', () => {
      throw new HandlerError('OUT_OF_STOCK', 'none left');
    });
    await bed.route('/nobody', undefined, { functionId: 'nobody::home' });
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  describe('results on the wire: worker-http.md §16, with plain results as bodies (DESIGN D8)', () => {
    it.each([
      [{ c: 5 }, 200, 'application/json', '{"c":5}'],
      ['hi', 200, 'application/json', '"hi"'],
      [[1], 200, 'application/json', '[1]'],
      [7, 200, 'application/json', '7'],
      [null, 200, 'application/json', '{}'],
      [undefined, 200, 'application/json', '{}'],
      [{ body: 'hi' }, 200, 'application/json', '"hi"'],
      [{ headers: { 'content-type': 'text/plain' }, body: 'hi' }, 200, 'text/plain', 'hi'],
      [{ headers: { 'Content-Type': 'text/xml' }, body: '<a/>' }, 200, 'text/xml', '<a/>'],
      [
        { headers: { 'Content-Type': 'application/json' }, body: '{"a":1}' },
        200,
        'application/json',
        '{"a":1}',
      ],
      [{ headers: { 'content-type': 'text/html' }, body: { a: 1 } }, 200, 'text/html', '{"a":1}'],
      [{ status_code: 404, body: { mine: true } }, 404, 'application/json', '{"mine":true}'],
      [{ statusCode: 404, body: {} }, 404, 'application/json', '{}'],
      [{ body: 'é→' }, 200, 'application/json', '"é→"'],
    ])('%j', async (given, status, type, text) => {
      result = given;
      const reply = await bed.ask('/result');
      expect([reply.status, reply.headers['content-type'], reply.text]).toEqual([status, type, text]);
      expect(reply.headers['content-length']).toBe(String(reply.body.length));
      expect(reply.headers).not.toHaveProperty('server');
      expect(reply.headers.date).toMatch(/GMT$/);
    });

    it('an envelope with a status, repeated headers and a body', async () => {
      result = { status_code: 201, headers: ['Set-Cookie: a=1', 'Set-Cookie: b=2'], body: { ok: true } };
      const reply = await bed.ask('/result');
      expect(reply).toMatchObject({ status: 201, text: '{"ok":true}' });
      expect(reply.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    });

    it('a redirection', async () => {
      result = { status_code: 302, headers: { Location: '/x' } };
      expect(await bed.ask('/result')).toMatchObject({
        status: 302,
        headers: { location: '/x' },
        text: '{}',
      });
    });

    it.each([204, 304])('a %i without body and without its length', async (status) => {
      result = { status_code: status, body: { a: 1 } };
      const reply = await bed.ask('/result');
      expect([reply.status, reply.text]).toEqual([status, '']);
      expect(reply.headers).not.toHaveProperty('content-length');
      expect(reply.headers).not.toHaveProperty('content-type');
    });

    it('bytes that were a Buffer', async () => {
      result = { headers: { 'content-type': 'image/png' }, body: Buffer.from([0, 200, 255]) };
      expect((await bed.ask('/result')).body).toEqual(Buffer.from([0, 200, 255]));
    });

    it('no framing but that of the listener', async () => {
      const headers = {
        'Content-Length': '5',
        'transfer-encoding': 'chunked',
        'keep-alive': 'x',
        upgrade: 'y',
      };
      result = { headers, body: 'whole' };
      const reply = await bed.ask('/result');
      expect(reply.text).toBe('"whole"');
      expect(reply.headers).toMatchObject({ 'content-length': '7' });
      expect(reply.headers).not.toHaveProperty('transfer-encoding');
      expect(reply.headers).not.toHaveProperty('upgrade');
    });
  });

  describe('results that cannot be sent', () => {
    it.each([
      [{ status_code: 199 }, 'status_code 199: use a whole number from 200 to 599'],
      [{ status_code: 700, body: {} }, 'status_code 700: use a whole number from 200 to 599'],
      [{ headers: { location: '/x\r\nSet-Cookie: evil=1' } }, 'header "location" has a line break or NUL'],
      [{ headers: ['x: a\nb'] }, 'header "x" has a line break or NUL'],
    ])('%j is a 500 whose error_id is in the log', async (given, reason) => {
      result = given;
      const reply = await bed.ask('/result');
      expect(reply.status).toBe(500);
      expect(reply.headers).not.toHaveProperty('set-cookie');
      const { error } = reply.json as { error: { error_id: string } };
      expect(error).toEqual({
        code: 'INTERNAL_ERROR',
        message: 'internal server error',
        error_id: expect.stringMatching(/^[0-9a-f]{12}$/),
      });
      const line = bed.log.of('error').find(({ fields }) => fields.error_id === error.error_id);
      expect(String(line?.fields.err)).toContain(reason);
      expect(line?.fields).toMatchObject({ method: 'GET', route: '/result', function_id: 'f/result' });
    });

    it('leave out a header that is merely invalid, and say so without its value', async () => {
      result = { headers: { 'x-good': '1', 'x bad': 'hunter2', 'x-arrow': '→' }, body: 1 };
      const reply = await bed.ask('/result');
      expect(reply).toMatchObject({ status: 200, headers: { 'x-good': '1' } });
      const warnings = bed.log.of('warn').map(({ message }) => message);
      expect(warnings).toContain('left out the header "x bad": its name is not a token');
      expect(JSON.stringify(bed.log.lines)).not.toContain('hunter2');
    });
  });

  describe('errors (worker-http.md §8.3)', () => {
    it.each([
      ['/fails', 'invocation_failed', 'out of order'],
      ['/coded', 'OUT_OF_STOCK', 'none left'],
      ['/nobody', 'function_not_found', 'Function nobody::home not found in namespace default'],
    ])('%s is 500 %s', async (path, code, message) => {
      const reply = await bed.ask(path);
      expect(reply.status).toBe(500);
      expect(reply.headers['content-type']).toBe('application/json');
      const { error } = reply.json as { error: { message: string; error_id: string } };
      expect(error).toMatchObject({ code, error_id: expect.stringMatching(/^[0-9a-f]{12}$/) });
      expect(error.message).toContain(message);
      expect(error.message).not.toContain(`${code}: `);
      const line = bed.log.of('error').find(({ fields }) => fields.error_id === error.error_id);
      expect(line).toMatchObject({ fields: { code, route: path } });
    });

    it('a stack trace is logged and not sent', async () => {
      const reply = await bed.ask('/fails');
      const { error } = reply.json as { error: { error_id: string } };
      expect(reply.text).not.toContain('answers.test');
      const line = bed.log.of('error').find(({ fields }) => fields.error_id === error.error_id);
      expect(line?.fields.stacktrace).toContain('answers.test');
    });

    it('a worker that goes away mid-call is invocation_stopped', async () => {
      const leaving = await bed.engine.client('leaving');
      await bed.route('/leaves', undefined, { functionId: 'leaves' });
      leaving.registerFunction('leaves', async () => leaving.shutdown());
      const reply = await bed.ask('/leaves');
      expect(reply).toMatchObject({ status: 500, json: { error: { code: 'invocation_stopped' } } });
    });
  });

  describe('methods and misses (worker-http.md §4)', () => {
    beforeAll(async () => {
      await bed.route('/m', ({ method }) => ({ method }));
      await bed.route('/m', ({ method }) => ({ method }), { config: { http_method: 'post' } });
      await bed.route('/head', ({ method }) => ({ headers: { 'x-by': 'head' }, body: method }), {
        config: { http_method: 'HEAD' },
      });
      await bed.route('/head', () => ({ headers: { 'x-by': 'get' } }));
      await bed.route('/options', () => ({ headers: { 'x-by': 'handler' }, body: 1 }), {
        config: { http_method: 'OPTIONS' },
      });
    });

    it('a path without route is 404 with an envelope and CORS headers', async () => {
      const reply = await bed.ask('/none');
      expect(reply).toMatchObject({ status: 404, json: NOT_FOUND });
      expect(reply.headers).toMatchObject({
        'content-type': 'application/json',
        'access-control-allow-origin': '*',
        'access-control-expose-headers': '*',
        vary: VARY,
      });
    });

    it('a method without route is 405 with an envelope and the methods there are', async () => {
      const reply = await bed.ask('/m', { method: 'DELETE' });
      expect(reply).toMatchObject({
        status: 405,
        headers: { allow: 'GET,HEAD,POST', 'access-control-allow-origin': '*' },
        json: { error: { code: 'METHOD_NOT_ALLOWED', message: 'Method Not Allowed' } },
      });
    });

    it.each(['GET', 'POST'])('%s reaches its own route', async (method) => {
      expect((await bed.ask('/m', { method })).json).toEqual({ method });
    });

    it('HEAD on a GET route runs it and sends what GET would, without the body', async () => {
      const reply = await bed.ask('/m', { method: 'HEAD' });
      expect(reply).toMatchObject({ status: 200, text: '' });
      expect(reply.headers['content-length']).toBe(String('{"method":"HEAD"}'.length));
    });

    it('HEAD prefers a route of its own', async () => {
      const reply = await bed.ask('/head', { method: 'HEAD' });
      expect(reply).toMatchObject({ headers: { 'x-by': 'head', 'content-length': '6' }, text: '' });
      expect((await bed.ask('/head')).headers['x-by']).toBe('get');
    });

    it('HEAD on a path without route is 404 without body', async () => {
      expect(await bed.ask('/none', { method: 'HEAD' })).toMatchObject({ status: 404, text: '' });
    });

    it.each([
      ['/m', 'GET,HEAD,POST'],
      ['/none', undefined],
    ])('OPTIONS on %s is answered for every origin', async (path, allow) => {
      const reply = await bed.ask(path, { method: 'OPTIONS' });
      expect(reply).toMatchObject({ status: 200, text: '' });
      expect(reply.headers).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': '*',
        'access-control-allow-headers': '*',
        'content-length': '0',
        vary: VARY,
      });
      expect(reply.headers).not.toHaveProperty('access-control-expose-headers');
      expect(reply.headers.allow).toBe(allow);
    });

    it('an OPTIONS route is called, but not for a preflight', async () => {
      const called = await bed.ask('/options', { method: 'OPTIONS' });
      expect(called).toMatchObject({ status: 200, text: '1', headers: { 'x-by': 'handler' } });
      const headers = { origin: 'http://a.com', 'access-control-request-method': 'POST' };
      const preflight = await bed.ask('/options', { method: 'OPTIONS', headers });
      expect(preflight).toMatchObject({ status: 200, text: '' });
      expect(preflight.headers).not.toHaveProperty('x-by');
      expect(preflight.headers).not.toHaveProperty('allow');
    });

    // The uws driver drops requests whose target is no path.
    it.runIf(driver === 'node')('OPTIONS on all of the server is answered', async () => {
      const reply = await bed.ask('*', { method: 'OPTIONS' });
      expect(reply.headers['access-control-allow-origin']).toBe('*');
    });
  });

  it('a configured origin is echoed, on answers and preflights; others are served without (§10)', async () => {
    const cors = { allowed_origins: ['http://ok.com'], allowed_methods: ['GET', 'POST'] };
    await using strict = await TestBed.open({ config: { driver, cors } });
    await strict.route('/a', () => 1);
    const ok = { origin: 'http://ok.com' };
    const answer = await strict.ask('/a', { headers: ok });
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': 'http://ok.com', vary: VARY });
    const preflight = await strict.ask('/a', { method: 'OPTIONS', headers: ok });
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': 'http://ok.com',
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': '*',
      allow: 'GET,HEAD',
    });
    const other = await strict.ask('/a', { headers: { origin: 'http://evil.com' } });
    expect(other).toMatchObject({ status: 200, text: '1' });
    expect(other.headers).not.toHaveProperty('access-control-allow-origin');
  });
});
