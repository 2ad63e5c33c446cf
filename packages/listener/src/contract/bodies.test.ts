import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { collectBody } from '../body.js';
import type { HttpResponse } from '../types.js';
import { describeDrivers } from './drivers.js';
import { Inbox } from './inbox.js';
import { RawClient } from './raw-client.js';
import { Body, Exchanges, get, outcome, post } from './serve.js';

const MIB = 1024 * 1024;

describeDrivers('a request', (driver) => {
  it('has method, raw path, raw query, headers in order and peer address', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get('/a%2Fb//c/../d;x?q=1&q=%20?&', ['X-A: 1', 'x-b:2', 'X-A:   3  ']));
    const { request, response } = await exchanges.next();
    expect(request).toMatchObject({ method: 'GET', path: '/a%2Fb//c/../d;x', query: 'q=1&q=%20?&' });
    expect(request.headers).toEqual([
      ['host', 'localhost'],
      ['x-a', '1'],
      ['x-b', '2'],
      ['x-a', '3'],
    ]);
    expect(request.header('x-a')).toBe('1');
    expect(request.header('x-absent')).toBeUndefined();
    expect(request.remoteAddress).toBe('127.0.0.1');
    response.send(200);
  });

  it('keeps what is known of it after the answer', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get('/kept?yes'));
    const { request, response } = await exchanges.next();
    response.send(200);
    await client.response();
    expect(request).toMatchObject({ path: '/kept', query: 'yes', remoteAddress: '127.0.0.1' });
  });

  it('has an empty query with and without a question mark', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    for (const path of ['/plain', '/plain?']) {
      client.send(get(path));
      const { request, response } = await exchanges.next();
      expect(request).toMatchObject({ path: '/plain', query: '' });
      response.send(200);
      await client.response();
    }
  });

  it('gives header bytes beyond ASCII one character each', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send('GET / HTTP/1.1\r\nHost: localhost\r\nX-Name: gr', Buffer.from('üß', 'utf8'), 'e\r\n\r\n');
    const { request, response } = await exchanges.next();
    expect(Buffer.from(request.header('x-name') ?? '', 'latin1').toString('utf8')).toBe('grüße');
    response.send(200);
  });

  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']) {
    it(`may be ${method}`, async () => {
      const exchanges = new Exchanges();
      const client = await RawClient.connect(await driver.listen(exchanges));
      client.send(get('/', ['Content-Length: 0'], method));
      const { request, response } = await exchanges.next();
      expect(request.method).toBe(method);
      response.send(200);
      expect((await client.response(method)).status).toBe(200);
    });
  }
});

describeDrivers('a request body', (driver) => {
  /** Sends a head, reads the body as soon as the owner sees the request. */
  async function reading(head: string, ...rest: Array<string | Uint8Array>) {
    const exchanges = new Exchanges();
    const body = new Body();
    const listener = await driver.listen({
      onRequest: (request, response) => {
        request.read(body);
        exchanges.onRequest(request, response);
      },
    });
    const client = await RawClient.connect(listener);
    client.send(Buffer.concat([head, ...rest].map((part) => Buffer.from(part))));
    return { client, body, ...(await exchanges.next()) };
  }

  it('that comes with the head is delivered, then its end', async () => {
    const { body, response, client } = await reading(post('/', 5), 'hello');
    expect(await body.ends.next()).toBe('end');
    expect(body.text).toBe('hello');
    response.send(200);
    expect((await client.response()).status).toBe(200);
  });

  it('that comes later is delivered as it comes', async () => {
    const { body, client } = await reading(post('/', 10));
    client.send('hello');
    await body.arrivals.until(() => body.bytes === 5);
    expect(body.ends.all).toEqual([]);
    client.send('world');
    expect(await body.ends.next()).toBe('end');
    expect(body.text).toBe('helloworld');
  });

  it('that is absent ends at once', async () => {
    for (const head of [get(), post('/', 0)]) {
      const { body } = await reading(head);
      expect(await body.ends.next()).toBe('end');
      expect(body.chunks).toEqual([]);
    }
  });

  it('in chunks is delivered without their framing', async () => {
    const { body, client } = await reading(
      get('/', ['Transfer-Encoding: chunked'], 'POST'),
      '5\r\nhello\r\n',
      '6\r\n, w',
    );
    client.send('orl\r\n', '1\r\nd\r\n', '0\r\n\r\n');
    expect(await body.ends.next()).toBe('end');
    expect(body.text).toBe('hello, world');
  });

  it('is never delivered from within read', async () => {
    const order: string[] = [];
    const listener = await driver.listen({
      onRequest: (request, response) => {
        order.push('before');
        request.read({
          data: () => order.push('data'),
          end: () => {
            order.push('end');
            response.send(200);
          },
          aborted() {},
        });
        order.push('after');
      },
    });
    const client = await RawClient.connect(listener);
    client.send(`${post('/', 2)}hi`);
    await client.response();
    expect(order).toEqual(['before', 'after', 'data', 'end']);
  });

  it('may be read long after the request came', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(`${post('/', 10)}hello`);
    const { request, response } = await exchanges.next();
    client.send('world');
    for (let index = 0; index < 10; index++) await turn();
    const body = new Body();
    request.read(body);
    expect(body.chunks).toEqual([]);
    expect(await body.ends.next()).toBe('end');
    expect(body.text).toBe('helloworld');
    response.send(200);
  });

  it('may be read once only', async () => {
    const { request } = await reading(post('/', 2), 'hi');
    expect(() => request.read(new Body())).toThrow(expect.objectContaining({ code: 'body_already_read' }));
  });

  it('belongs to the receiver, chunk by chunk', async () => {
    const { body, client } = await reading(post('/', 3 * MIB));
    const sent = randomBytes(3 * MIB);
    client.send(sent);
    expect(await body.ends.next()).toBe('end');
    expect(Buffer.concat(body.chunks).equals(sent)).toBe(true);
  });

  it.runIf(driver.name === 'node')(
    'that only drips when its answer has left is cut (uws: after 10 s)',
    async () => {
      const listener = await driver.listen({
        keepAliveTimeoutMs: 100,
        onRequest: (_, response) => response.send(200),
      });
      const client = await RawClient.connect(listener);
      client.send(post('/', 1_000_000));
      expect((await client.response()).status).toBe(200);
      const dripping = setInterval(() => client.send('x'), 10);
      await client.gone;
      clearInterval(dripping);
    },
  );

  it.runIf(driver.name === 'node')(
    'that comes at a good rate when its answer has left is taken',
    async () => {
      const listener = await driver.listen({
        keepAliveTimeoutMs: 100,
        onRequest: (_, response) => response.send(200),
      });
      const client = await RawClient.connect(listener);
      const [piece, pieces] = [16 * 1024, 30];
      client.send(post('/', piece * pieces));
      expect((await client.response()).status).toBe(200);
      await new Promise<void>((resolve) => {
        let sent = 0;
        const sending = setInterval(() => {
          client.send('x'.repeat(piece));
          if (++sent < pieces) return;
          clearInterval(sending);
          resolve();
        }, 10);
      });
      client.send(get());
      expect((await client.response()).status).toBe(200);
    },
  );

  it('makes 100-continue be answered, so that the client sends it', async () => {
    const { body, client, response } = await reading(post('/', 5, ['Expect: 100-continue']));
    expect((await client.response()).status).toBe(100);
    client.send('hello');
    expect(await body.ends.next()).toBe('end');
    response.send(200, [], body.text);
    expect((await client.response()).body.toString()).toBe('hello');
  });

  it('is aborted when the client leaves in the middle, and so is the answer', async () => {
    const { body, client, response } = await reading(post('/', 10), 'hello');
    await body.arrivals.until(() => body.bytes === 5);
    const ended = outcome(response);
    client.tcp.destroy();
    expect(await body.ends.next()).toBe('aborted');
    expect(await ended).toBe(false);
    expect(body.ends.all).toHaveLength(1);
  });

  it('is aborted when its chunked framing breaks', async () => {
    const { body, client } = await reading(
      get('/', ['Transfer-Encoding: chunked'], 'POST'),
      '5\r\nhello\r\nnot a chunk size\r\n',
    );
    expect(await body.ends.next()).toBe('aborted');
    await client.gone;
  });

  it('is aborted when it is read after the client has left', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(post('/', 10));
    const { request, response } = await exchanges.next();
    request.resume();
    response.abort();
    await client.gone;
    const body = new Body();
    request.read(body);
    expect(await body.ends.next()).toBe('aborted');
  });

  it('is aborted when the answer is complete before it is', async () => {
    const { body, response, client } = await reading(post('/', 10), 'hello');
    await body.arrivals.until(() => body.bytes === 5);
    response.send(413, [], 'enough');
    expect(await body.ends.next()).toBe('aborted');
    expect((await client.response()).status).toBe(413);
    client.send('world');
    for (let index = 0; index < 10; index++) await turn();
    expect(body.bytes).toBe(5);
    expect(body.ends.all).toHaveLength(1);
  });

  it('that nobody reads does not keep the connection from its next request', async () => {
    const paths: string[] = [];
    const listener = await driver.listen({
      onRequest: (request, response) => {
        paths.push(request.path);
        response.send(200, [], request.path);
      },
    });
    const client = await RawClient.connect(listener);
    client.send(post('/first', 2 * MIB), Buffer.alloc(2 * MIB), get('/second'));
    expect((await client.response()).body.toString()).toBe('/first');
    expect((await client.response()).body.toString()).toBe('/second');
    expect(paths).toEqual(['/first', '/second']);
  });

  it('that nobody has read when the answer comes late does not either', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(post('/first', 8 * MIB), Buffer.alloc(8 * MIB));
    const first = await exchanges.next();
    await client.acceptedBytes();
    first.response.send(200);
    expect((await client.response()).status).toBe(200);
    client.send(get('/second'));
    (await exchanges.next()).response.send(201);
    expect((await client.response()).status).toBe(201);
  });

  it('that came at once leaves the connection usable, however late or early it is answered', async () => {
    const small = [
      `${post('/', 5)}hello`,
      `${get('/', ['Transfer-Encoding: chunked'], 'POST')}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`,
    ];
    const answers: Record<string, (response: HttpResponse) => void> = {
      'at once': (response) => response.send(200),
      'in pieces, at once': (response) => {
        response.start(200);
        response.write('x');
        setImmediate(() => response.end());
      },
      later: (response) => void setImmediate(() => setImmediate(() => response.send(200))),
    };
    for (const [label, answer] of Object.entries(answers)) {
      const client = await RawClient.connect(
        await driver.listen({ onRequest: (_request, response) => answer(response) }),
      );
      for (const request of [...small, ...small]) {
        client.send(request);
        expect((await client.response()).status, label).toBe(200);
      }
    }
  });

  it('that came at once does not hide that the client leaves', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(`${get('/', ['Transfer-Encoding: chunked'], 'POST')}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`);
    const { response } = await exchanges.next();
    await turn();
    client.tcp.destroy();
    expect(await outcome(response)).toBe(false);
  });

  it('whose owner throws cuts the connection and is reported', async () => {
    const errors = new Inbox<unknown>();
    const listener = await driver.listen({
      onRequest: (request) =>
        request.read({
          data() {
            throw new Error('cannot digest');
          },
          end() {},
          aborted() {},
        }),
      onError: (error) => errors.push(error),
    });
    const client = await RawClient.connect(listener);
    client.send(`${post('/', 5)}hello`);
    expect(await errors.next()).toMatchObject({ message: 'cannot digest' });
    await client.gone;
  });
});

describeDrivers('collectBody', (driver) => {
  async function collecting(limit: number, head: string, ...rest: Array<string | Uint8Array>) {
    const results = new Inbox<{ bytes: Uint8Array } | { error: unknown }>();
    const listener = await driver.listen({
      onRequest: (request, response) => {
        collectBody(request, limit).then(
          (bytes) => {
            results.push({ bytes });
            response.send(200);
          },
          (error: unknown) => {
            results.push({ error });
            response.send(413);
          },
        );
      },
    });
    const client = await RawClient.connect(listener);
    client.send(head, ...rest);
    return { client, results };
  }

  it('gives the whole body, up to and including the limit', async () => {
    const sent = randomBytes(MIB);
    const { client, results } = await collecting(MIB, post('/', MIB), sent);
    const result = await results.next();
    expect('bytes' in result && Buffer.from(result.bytes).equals(sent)).toBe(true);
    expect((await client.response()).status).toBe(200);
  });

  it('gives no bytes for no body', async () => {
    const { results } = await collecting(0, get());
    expect(await results.next()).toMatchObject({ bytes: { length: 0 } });
  });

  it('refuses an announced size over the limit without reading', async () => {
    const { client, results } = await collecting(100, post('/', 101));
    expect(await results.next()).toMatchObject({ error: { code: 'body_too_large' } });
    expect((await client.response()).status).toBe(413);
  });

  it('refuses a chunked body once it is over the limit', async () => {
    const { client, results } = await collecting(
      100,
      get('/', ['Transfer-Encoding: chunked'], 'POST'),
      `60\r\n${'x'.repeat(96)}\r\n`,
      `10\r\n${'x'.repeat(16)}\r\n`,
    );
    expect(await results.next()).toMatchObject({ error: { code: 'body_too_large' } });
    expect((await client.response()).status).toBe(413);
  });

  it('rejects when the client leaves', async () => {
    const { client, results } = await collecting(100, post('/', 50), 'x');
    client.tcp.end();
    client.tcp.destroy();
    expect(await results.next()).toMatchObject({ error: { code: 'body_aborted' } });
  });
});
