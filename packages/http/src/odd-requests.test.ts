import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, drivers, type Payload, TestBed } from './test-support.js';

const HOST = 'Host: x\r\nConnection: close\r\n';
const JSON_HEAD = `${HOST}Content-Type: application/json\r\n`;

const many = (count: number) => Array.from({ length: count }, (_, i) => `x-${i}: ${i}\r\n`).join('');

describe.each(drivers)('odd requests, driver %s', (driver) => {
  let bed: TestBed;
  let calls = 0;

  beforeAll(async () => {
    bed = await TestBed.open({ config: { driver } });
    const routes = ['/a', '/a/:p', '/f/{*rest}', '//twice', '/café', '/%61bc', '/'];
    for (const path of routes) {
      const handler = ({ path_params, query_params }: Payload) => {
        calls++;
        return { body: [path, path_params, query_params] };
      };
      await bed.route(path, handler);
      await bed.route(path, handler, { config: { http_method: 'POST' } });
    }
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  /** Status line and body of the answer to a request as it is written; undefined when there is none. */
  async function send(request: string): Promise<[number, string] | undefined> {
    const text = await bed.raw(request);
    const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
    const body = Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1').toString();
    return status === undefined ? undefined : [Number(status), body];
  }

  it.each([
    ['/', ['/', {}, {}]],
    ['//twice', ['//twice', {}, {}]],
    ['/%61bc', ['/%61bc', {}, {}]],
    ['/a/%2e%2e', ['/a/:p', { p: '%2e%2e' }, {}]],
    ['/a/..', ['/a/:p', { p: '..' }, {}]],
    ['/a/%00', ['/a/:p', { p: '%00' }, {}]],
    ['/a/x%2Fy', ['/a/:p', { p: 'x%2Fy' }, {}]],
    ['/a/__proto__', ['/a/:p', { p: '__proto__' }, {}]],
    ['/a?', ['/a', {}, {}]],
    ['/a??x=1', ['/a', {}, { '?x': '1' }]],
    ['/a?x=%00&x=%ff', ['/a', {}, { x: '\ufffd' }]],
    ['/f/b//c/', ['/f/{*rest}', { rest: 'b//c/' }, {}]],
    [`/f/${'/'.repeat(2000)}`, ['/f/{*rest}', { rest: '/'.repeat(2000) }, {}]],
    [`/a/${'x'.repeat(3000)}`, ['/a/:p', { p: 'x'.repeat(3000) }, {}]],
  ])('%j is served', async (target, expected) => {
    const answer = await send(`GET ${target} HTTP/1.1\r\n${HOST}\r\n`);
    expect(answer).toEqual([200, JSON.stringify(expected)]);
  });

  it.each(['//', '//a', '/a/', '/a//', '/a/b/c', '/%61', '/A', '/abc', '/b/../a', '/f/', '/f', '/caf%C3%A9'])(
    '%j is not found',
    async (target) => {
      expect(await send(`GET ${target} HTTP/1.1\r\n${HOST}\r\n`)).toMatchObject([404, expect.any(String)]);
    },
  );

  it.each([
    ['two lengths', `POST /a HTTP/1.1\r\n${JSON_HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} `],
    ['a negative length', `POST /a HTTP/1.1\r\n${JSON_HEAD}Content-Length: -1\r\n\r\n{}`],
    ['a length that is no number', `POST /a HTTP/1.1\r\n${JSON_HEAD}Content-Length: x\r\n\r\n{}`],
    [
      'a chunk that is none',
      `POST /a HTTP/1.1\r\n${JSON_HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
    ],
    [
      'a length and chunks',
      `POST /a HTTP/1.1\r\n${JSON_HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    ],
  ])('%s: the request is refused, or cut, and never reaches a handler', async (_, request) => {
    const before = calls;
    const answer = await send(request);
    expect(answer?.[0] ?? 400).toBe(400);
    expect(calls).toBe(before);
  });

  it('many headers are delivered', async () => {
    let headers: Record<string, string> = {};
    await bed.route('/headers', (payload) => {
      headers = payload.headers;
    });
    const count = driver === 'uws' ? 40 : 300;
    const reply = await send(`GET /headers HTTP/1.1\r\n${HOST}${many(count)}\r\n`);
    expect(reply?.[0]).toBe(200);
    expect(Object.keys(headers).filter((name) => name.startsWith('x-'))).toHaveLength(count);
  });

  it('requests that come together are answered one by one', async () => {
    const text = await bed.raw(`GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /none HTTP/1.1\r\n${HOST}\r\n`);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404']);
  });

  it('a request to upgrade to a WebSocket is an ordinary one', async () => {
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
    const client = connect(bed.address, `GET /a HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`);
    const [answer] = (await once(client, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
    client.destroy();
  });

  it.runIf(driver === 'uws')('text of a path beyond ASCII is compared byte by byte', async () => {
    const target = Buffer.from('/café').toString('latin1');
    expect(await send(`GET ${target} HTTP/1.1\r\n${HOST}\r\n`)).toMatchObject([200, expect.any(String)]);
  });

  // The uws driver drops these without an answer.
  describe.runIf(driver === 'node')('that only the node driver answers', () => {
    it.each([
      ['GET http://host.example/a/1?x=2 HTTP/1.1', '["/a/:p",{"p":"1"},{"x":"2"}]'],
      ['GET http://host.example HTTP/1.1', '["/",{},{}]'],
    ])('%s is served', async (line, body) => {
      expect(await send(`${line}\r\n${HOST}\r\n`)).toEqual([200, body]);
    });

    it('HTTP/1.0 without a host is served', async () => {
      expect(await send('GET /a HTTP/1.0\r\n\r\n')).toMatchObject([200, expect.any(String)]);
    });

    it('CONNECT is not found', async () => {
      expect(await send(`CONNECT host:443 HTTP/1.1\r\n${HOST}\r\n`)).toMatchObject([404, expect.any(String)]);
    });
  });
});
