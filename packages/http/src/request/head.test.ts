import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { HeaderList, RequestHead } from 'iii-listener';
import { createLog } from 'iii-worker';
import { describe, expect, it } from 'vitest';
import { isJsonType } from './json-body.js';
import { loggedRequest } from './request-log.js';
import { pathOf } from './target.js';
import { traceOf } from './trace.js';

function head(headers: HeaderList, query = ''): RequestHead {
  return {
    method: 'GET',
    path: '/',
    query,
    headers,
    remoteAddress: '192.0.2.1',
    header: (name) => headers.find(([key]) => key === name)?.[1],
  };
}

describe('the path of a target', () => {
  it.each([
    ['/a/b', '/a/b'],
    ['//a', '//a'],
    ['/http://x/', '/http://x/'],
    ['http://host/a', '/a'],
    ['HTTP://host:80//a', '//a'],
    ['http://host', '/'],
    ['*', '*'],
    ['host:443', 'host:443'],
  ])('%j is %j', (target, path) => {
    expect(pathOf(target)).toBe(path);
  });
});

describe('a content type', () => {
  it.each([
    ['application/json', true],
    ['Application/JSON; charset=utf-8', true],
    ['application/vnd.api+json', true],
    ['application/problem+JSON ; x=y', true],
    ['text/plain, application/json', true],
    ['text/plain; x=+json', false],
    ['application/jsonx', true],
    ['text/json', false],
    ['', false],
    [undefined, false],
  ])('%j is JSON: %j', (type, expected) => {
    expect(isJsonType(type)).toBe(expected);
  });
});

describe('the trace of a request', () => {
  it('is that of its headers', () => {
    const lines = [
      ['traceparent', '00-1-2-01'],
      ['baggage', 'a=1'],
      ['baggage', 'b=2'],
    ] as const;
    expect(traceOf(head(lines))).toEqual({ traceparent: '00-1-2-01', baggage: 'a=1,b=2' });
    expect(traceOf(head([]))).toEqual({});
  });

  it('goes on without baggage that is longer than anyone has to take', () => {
    expect(traceOf(head([['baggage', 'x'.repeat(8193)]]))).toEqual({});
    expect(traceOf(head([['baggage', 'x'.repeat(8192)]]))).toHaveProperty('baggage');
  });
});

describe('a request in the log', () => {
  it.each([
    'authorization',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'baggage',
    'x-api-key',
    'api-key',
    'x-auth-token',
    'x-access-token',
    'x-secret',
    'x-csrf-token',
  ])('shows that there was a header %s, not what it said', (name) => {
    const text = JSON.stringify(loggedRequest(head([[name, 'hunter2']])));
    expect(text).toContain(`${name}: [redacted]`);
    expect(text).not.toContain('hunter2');
  });

  it('shows other headers, and of the query only the keys', () => {
    expect(loggedRequest(head([['accept', '*/*']], 'token=hunter2&q=1')).toJSON()).toEqual({
      method: 'GET',
      remote_address: '192.0.2.1',
      headers: ['accept: */*'],
      query_keys: ['token', 'q'],
    });
  });

  it('is written by the log that workers have, which copies what it is given', async () => {
    const file = path.join(await mkdtemp(path.join(tmpdir(), 'iii-http-')), 'log');
    const handle = await open(file, 'w');
    const log = createLog({ level: 'debug', format: 'json', destination: handle.fd });
    log.debug({ request: loggedRequest(head([['cookie', 'hunter2']], 'q=1')) }, 'GET /a');
    await handle.close();
    const line = JSON.parse(await readFile(file, 'utf8')) as object;
    expect(line).toMatchObject({
      msg: 'GET /a',
      request: { headers: ['cookie: [redacted]'], query_keys: ['q'] },
    });
    await rm(path.dirname(file), { recursive: true });
  });
});
