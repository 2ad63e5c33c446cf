import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ListenerError } from '../errors.js';
import type { HeaderList, HttpResponse } from '../types.js';
import { type DriverUnderTest, describeDrivers } from './drivers.js';
import { Inbox } from './inbox.js';
import { RawClient } from './raw-client.js';
import { Exchanges, get, outcome } from './serve.js';

const MIB = 1024 * 1024;

/** Asks once, answers as told, returns the exact response. */
async function ask(driver: DriverUnderTest, answer: (response: HttpResponse) => void, method = 'GET') {
  const listener = await driver.listen({ onRequest: (_request, response) => answer(response) });
  const client = await RawClient.connect(listener);
  client.send(get('/', [], method));
  const response = await client.response(method);
  return { client, response };
}

describeDrivers('an answer in one piece', (driver) => {
  it('carries status, reason phrase, headers, length and body', async () => {
    const { response } = await ask(driver, (res) =>
      res.send(
        201,
        [
          ['content-type', 'text/plain'],
          ['X-Case', 'Kept As Is'],
        ],
        'grüße',
      ),
    );
    expect(response).toMatchObject({ status: 201, text: 'Created' });
    expect(response.all('content-type')).toEqual(['text/plain']);
    expect(response.all('x-case')).toEqual(['Kept As Is']);
    expect(response.all('content-length')).toEqual(['7']);
    expect(response.all('transfer-encoding')).toEqual([]);
    expect(response.body.toString()).toBe('grüße');
  });

  it('repeats headers in the order given', async () => {
    const headers: HeaderList = [
      ['set-cookie', 'a=1; Path=/'],
      ['x-between', ''],
      ['set-cookie', 'b=2'],
    ];
    const { response } = await ask(driver, (res) => res.send(200, headers));
    expect(response.all('set-cookie')).toEqual(['a=1; Path=/', 'b=2']);
    expect(response.all('x-between')).toEqual(['']);
    expect(response.all('date')).toHaveLength(1);
  });

  it('does not name the software', async () => {
    const { response } = await ask(driver, (res) => res.send(200));
    expect(response.headers.map(([name]) => name)).not.toContain('uwebsockets');
    expect(response.all('server')).toEqual([]);
  });

  it('may be empty, and says so', async () => {
    const { response } = await ask(driver, (res) => res.send(404));
    expect(response).toMatchObject({ status: 404, text: 'Not Found' });
    expect(response.all('content-length')).toEqual(['0']);
  });

  it('may be bytes, of which all values survive', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const { response } = await ask(driver, (res) => res.send(200, [], bytes));
    expect([...response.body]).toEqual([...bytes]);
  });

  it('carries header values beyond ASCII as Latin-1', async () => {
    const { response } = await ask(driver, (res) => res.send(200, [['x-name', 'gr\u00fc\u00dfe']]));
    expect(response.all('x-name')).toEqual(['gr\u00fc\u00dfe']);
  });

  it('reports completion once, and is closed by then', async () => {
    const outcomes = new Inbox<boolean>();
    const states: boolean[] = [];
    const { client } = await ask(driver, (res) => {
      res.onClosed((completed) => {
        states.push(res.closed);
        outcomes.push(completed);
        res.onClosed((late) => outcomes.push(late));
      });
      res.send(200, [], 'x');
      expect(outcomes.all).toEqual([]);
    });
    await outcomes.until((all) => all.length === 2);
    expect(outcomes.all).toEqual([true, true]);
    expect(states).toEqual([true]);
    client.tcp.destroy();
  });

  it('of 32 MiB reaches a slow client whole, and says when it has', async () => {
    const exchanges = new Exchanges();
    const listener = await driver.listen(exchanges);
    const body = Buffer.alloc(32 * MIB);
    for (let index = 0; index < body.length; index += 4) body.writeUInt32LE(index, index);
    const request = httpGet({ port: listener.port, host: '127.0.0.1', agent: false });
    const { response } = await exchanges.next();
    response.send(200, [], body);
    expect(response.closed).toBe(false);
    expect(response.bufferedBytes).toBeGreaterThan(MIB);
    expect(response.bufferedBytes).toBeLessThanOrEqual(body.length + 1000);
    const ended = outcome(response);
    const [message]: IncomingMessage[] = await once(request, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of message!) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(body)).toBe(true);
    expect(await ended).toBe(true);
    expect(response.bufferedBytes).toBe(0);
  });

  it('later, from another turn of the loop, is as good', async () => {
    const { response } = await ask(
      driver,
      (res) => void setImmediate(() => res.send(200, [['x-a', 'b']], 'late')),
    );
    expect(response.body.toString()).toBe('late');
    expect(response.all('x-a')).toEqual(['b']);
  });
});

describeDrivers('an answer without a body', (driver) => {
  it('to HEAD keeps the length of the body it would have had', async () => {
    const { response, client } = await ask(
      driver,
      (res) => res.send(200, [['x-a', 'b']], 'twelve bytes'),
      'HEAD',
    );
    expect(response.all('content-length')).toEqual(['12']);
    expect(response.all('x-a')).toEqual(['b']);
    client.send(get('/', [], 'HEAD'));
    expect((await client.response('HEAD')).status).toBe(200);
    expect(client.pending).toHaveLength(0);
  });

  it('to HEAD takes the length the owner states when there is no body at hand', async () => {
    const { response } = await ask(driver, (res) => res.send(200, [['content-length', '1234']]), 'HEAD');
    expect(response.all('content-length')).toEqual(['1234']);
  });

  it('to HEAD may be streamed, and nothing of it is sent', async () => {
    const { response, client } = await ask(
      driver,
      (res) => {
        res.start(200, [['x-a', 'b']]);
        expect(res.write('unseen')).toBe('sent');
        res.end('unseen');
      },
      'HEAD',
    );
    expect(response.all('x-a')).toEqual(['b']);
    client.send(get('/', [], 'HEAD'));
    expect((await client.response('HEAD')).status).toBe(200);
    expect(client.pending).toHaveLength(0);
  });

  for (const status of [204, 304]) {
    it(`${status} sends none even if given one, streamed or not`, async () => {
      for (const stream of [false, true]) {
        const { response, client } = await ask(driver, (res) => {
          if (!stream) res.send(status, [['etag', '"x"']], 'not allowed');
          else {
            res.start(status, [['etag', '"x"']]);
            res.write('not allowed');
            res.end();
          }
        });
        expect(response.status).toBe(status);
        expect(response.all('etag')).toEqual(['"x"']);
        expect(response.all('transfer-encoding')).toEqual([]);
        expect(response.all('content-length')).toEqual([]);
        client.send(get());
        expect((await client.response()).status).toBe(status);
        expect(client.pending).toHaveLength(0);
      }
    });
  }

  it('304 takes the length the owner states', async () => {
    const { response } = await ask(driver, (res) => res.send(304, [['content-length', '77']]));
    expect(response.all('content-length')).toEqual(['77']);
  });
});

describeDrivers('headers that belong to the listener', (driver) => {
  it('are ignored where an owner gives them', async () => {
    const { response } = await ask(driver, (res) =>
      res.send(
        200,
        [
          ['content-length', '999'],
          ['Transfer-Encoding', 'chunked'],
          ['connection', 'keep-alive'],
          ['keep-alive', 'timeout=99'],
        ],
        'four',
      ),
    );
    expect(response.all('content-length')).toEqual(['4']);
    expect(response.all('transfer-encoding')).toEqual([]);
    expect(response.all('keep-alive')).not.toContain('timeout=99');
    expect(response.body.toString()).toBe('four');
  });

  it('are ignored in a streamed answer too', async () => {
    const { response } = await ask(driver, (res) => {
      res.start(200, [['content-length', '999']]);
      res.end('four');
    });
    expect(response.all('content-length')).toEqual([]);
    expect(response.all('transfer-encoding')).toEqual(['chunked']);
    expect(response.truncated).toBe(false);
  });

  it('connection: close ends the connection after the answer', async () => {
    const { response, client } = await ask(driver, (res) => res.send(200, [['Connection', 'Close']], 'bye'));
    expect(response.all('connection')).toEqual(['close']);
    await client.gone;
    expect(response.body.toString()).toBe('bye');
  });
});

describeDrivers('an answer that must not be sent', (driver) => {
  const bad: Array<[label: string, headers: HeaderList]> = [
    ['CR LF in a value', [['x', 'a\r\nset-cookie: evil=1']]],
    ['a lone LF in a value', [['x', 'a\nb']]],
    ['a lone CR in a value', [['x', 'a\rb']]],
    ['NUL in a value', [['x', 'a\0b']]],
    ['DEL in a value', [['x', 'a\x7fb']]],
    ['a character beyond Latin-1 in a value', [['x', '€']]],
    ['CR LF in a name', [['x\r\ny', 'a']]],
    ['a space in a name', [['x y', 'a']]],
    ['a colon in a name', [['x:', 'a']]],
    ['an empty name', [['', 'a']]],
    [
      'a bad line after a good one',
      [
        ['good', 'a'],
        ['bad\n', 'b'],
      ],
    ],
  ];
  for (const [label, headers] of bad) {
    it(`${label} is refused before anything is written, by send and by start`, async () => {
      const { response } = await ask(driver, (res) => {
        for (const attempt of [() => res.send(200, headers, 'x'), () => res.start(200, headers)]) {
          expect(attempt).toThrow(ListenerError);
          expect(attempt).toThrow(expect.objectContaining({ code: 'invalid_header' }));
        }
        res.send(500, [], 'instead');
      });
      expect(response.status).toBe(500);
      expect(response.body.toString()).toBe('instead');
      expect(response.all('set-cookie')).toEqual([]);
    });
  }

  it('a status that is not final is refused', async () => {
    const { response } = await ask(driver, (res) => {
      for (const status of [0, 100, 101, 199, 600, 200.5, Number.NaN]) {
        expect(() => res.send(status)).toThrow(expect.objectContaining({ code: 'invalid_status' }));
      }
      res.send(599);
    });
    expect(response.status).toBe(599);
  });

  it('calls in an impossible order are refused', async () => {
    const misordered = expect.objectContaining({ code: 'invalid_answer_order' });
    const { response } = await ask(driver, (res) => {
      expect(() => res.write('x')).toThrow(misordered);
      expect(() => res.end()).toThrow(misordered);
      res.start(200);
      expect(() => res.start(200)).toThrow(misordered);
      expect(() => res.send(200)).toThrow(misordered);
      res.end('fine');
    });
    expect(response.body.toString()).toBe('fine');
  });

  it('every call after the end does nothing', async () => {
    const { client, response } = await ask(driver, (res) => {
      res.send(200, [], 'only');
      res.send(500, [['bad\n', '']]);
      res.start(500);
      expect(res.write('more')).toBe('closed');
      res.flush();
      res.end('more');
    });
    expect(response.body.toString()).toBe('only');
    client.send(get());
    expect((await client.response()).body.toString()).toBe('only');
    expect(client.pending).toHaveLength(0);
  });
});

describeDrivers('a streamed answer', (driver) => {
  it('is chunked, and arrives piece by piece', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get());
    const { response } = await exchanges.next();
    response.start(200, [['content-type', 'text/event-stream']]);
    for (const event of ['data: 1\n\n', 'data: 2\n\n', 'data: grüße\n\n']) {
      expect(response.write(event)).toBe('sent');
      await client.until(() => client.pending.includes(event));
    }
    response.end();
    const parsed = await client.response();
    expect(parsed.all('transfer-encoding')).toEqual(['chunked']);
    expect(parsed.chunks).toHaveLength(3);
    expect(parsed.truncated).toBe(false);
    expect(await outcome(response)).toBe(true);
  });

  it('ends with the piece given to end', async () => {
    const { response } = await ask(driver, (res) => {
      res.start(200);
      res.write('one ');
      res.end('two');
    });
    expect(response.body.toString()).toBe('one two');
  });

  it('may consist of nothing', async () => {
    const { response, client } = await ask(driver, (res) => {
      res.start(202, [['x-a', 'b']]);
      res.write('');
      res.end();
    });
    expect(response.status).toBe(202);
    expect(response.body).toHaveLength(0);
    expect(response.all('x-a')).toEqual(['b']);
    client.send(get());
    expect((await client.response()).status).toBe(202);
  });

  it.runIf(driver.name === 'node')('lets its headers leave before any piece', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get());
    const { response } = await exchanges.next();
    response.start(200, [['x-early', 'yes']]);
    response.flush();
    await client.until(() => client.pending.includes('\r\n\r\n'));
    expect(client.pending.toString()).toContain('x-early: yes');
    response.end('later');
    expect((await client.response()).body.toString()).toBe('later');
  });

  it.runIf(driver.name === 'uws')('is not harmed by flush, which cannot do anything', async () => {
    const { response } = await ask(driver, (res) => {
      res.start(200);
      res.flush();
      res.write('x');
      res.flush();
      res.end('y');
    });
    expect(response.body.toString()).toBe('xy');
  });

  it('may be silent for longer than any idle timeout', async () => {
    const exchanges = new Exchanges();
    const listener = await driver.listen({ ...exchanges, keepAliveTimeoutMs: 100, headerTimeoutMs: 100 });
    const client = await RawClient.connect(listener);
    client.send(get());
    const { response } = await exchanges.next();
    response.start(200);
    response.write('first ');
    await new Promise((resolve) => setTimeout(resolve, driver.name === 'uws' ? 14_000 : 1000));
    response.end('last');
    expect((await client.response()).body.toString()).toBe('first last');
  });

  it('can be given up so that the client sees it truncated', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get());
    const { response } = await exchanges.next();
    response.start(200);
    response.write('only half');
    await client.until(() => client.pending.includes('only half'));
    const ended = outcome(response);
    response.abort();
    expect(response.closed).toBe(true);
    const parsed = await client.response();
    expect(parsed.truncated).toBe(true);
    expect(parsed.body.toString()).toBe('only half');
    expect(await ended).toBe(false);
    response.abort();
  });

  it('can be given up before it began', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get());
    const { response } = await exchanges.next();
    const ended = outcome(response);
    response.abort();
    expect(await ended).toBe(false);
    await client.gone;
    expect(client.receivedBytes).toBe(0);
    response.send(200);
  });

  it('ends as not completed when the client leaves', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get());
    const { response } = await exchanges.next();
    response.start(200);
    response.write('x');
    await client.until(() => client.pending.length > 0);
    client.tcp.destroy();
    expect(await outcome(response)).toBe(false);
    expect(response.closed).toBe(true);
    expect(response.write('y')).toBe('closed');
    response.end();
    expect(response.bufferedBytes).toBe(0);
  });

  it('ends as not completed when the client leaves before the first piece', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get());
    const { response } = await exchanges.next();
    client.tcp.destroy();
    expect(await outcome(response)).toBe(false);
    response.send(200);
    expect(response.closed).toBe(true);
  });
});

describeDrivers('a client that does not read its answer', (driver) => {
  const PIECE = 64 * 1024;

  /** Writes numbered pieces until the kernel takes no more. */
  function fill(response: HttpResponse): number {
    for (let count = 1; ; count++) {
      const piece = Buffer.alloc(PIECE, count & 0xff);
      if (response.write(piece) === 'buffered') return count;
    }
  }

  async function stalled() {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.tcp.pause();
    client.send(get());
    const { response } = await exchanges.next();
    const drains = new Inbox<number>();
    response.onDrained(() => drains.push(response.bufferedBytes));
    response.start(200);
    return { client, response, drains };
  }

  it('turns sent into buffered, and bufferedBytes grow by what is written', async () => {
    const { response } = await stalled();
    expect(fill(response)).toBeGreaterThan(1);
    expect(response.bufferedBytes).toBeLessThanOrEqual(PIECE + 100);
    for (let index = 0; index < 10; index++) {
      const before = response.bufferedBytes;
      expect(response.write(Buffer.alloc(100_000))).toBe('buffered');
      const grown = response.bufferedBytes - before;
      expect(grown).toBeGreaterThanOrEqual(100_000);
      expect(grown).toBeLessThanOrEqual(100_000 + 20);
    }
  });

  it('drains when it reads again; every byte arrives in order', async () => {
    const { client, response, drains } = await stalled();
    const count = fill(response);
    expect(drains.all).toEqual([]);
    client.tcp.resume();
    expect(await drains.next()).toBe(0);
    response.end('the end');
    const parsed = await client.response();
    expect(parsed.truncated).toBe(false);
    expect(parsed.body).toHaveLength(count * PIECE + 7);
    for (let index = 0; index < count; index++) {
      expect(parsed.body[index * PIECE]).toBe((index + 1) & 0xff);
      expect(parsed.body[(index + 1) * PIECE - 1]).toBe((index + 1) & 0xff);
    }
    expect(await outcome(response)).toBe(true);
  });

  it('can be written to in step with its drains', async () => {
    const { client, response, drains } = await stalled();
    let written = 0;
    let last = 0;
    for (let round = 0; round < 5; round++) {
      client.tcp.pause();
      // The kernel buffers of a paused client may still grow between two rounds: one full round each.
      last = fill(response);
      written += last;
      client.tcp.resume();
      await drains.next();
    }
    response.end();
    const parsed = await client.response();
    expect(parsed.body).toHaveLength(written * PIECE);
    expect(drains.all).toHaveLength(5);
  });

  it('gets small pieces too, all of them, once it reads', async () => {
    const { client, response, drains } = await stalled();
    const expected: string[] = [];
    let buffered = 0;
    for (let index = 0; buffered < 2000; index++) {
      const piece = `${index} ${'.'.repeat(1000)}\n`;
      expected.push(piece);
      if (response.write(piece) === 'buffered') buffered++;
    }
    expect(response.bufferedBytes).toBeGreaterThan(1_900_000);
    client.tcp.resume();
    await drains.next();
    response.end();
    const parsed = await client.response();
    expect(parsed.body.toString() === expected.join('')).toBe(true);
  });

  it('gets the whole answer even when it was ended at once', async () => {
    const { client, response } = await stalled();
    const count = fill(response);
    response.end(Buffer.alloc(5 * MIB));
    expect(response.closed).toBe(false);
    const ended = outcome(response);
    client.tcp.resume();
    const parsed = await client.response();
    expect(parsed.truncated).toBe(false);
    expect(parsed.body).toHaveLength(count * PIECE + 5 * MIB);
    expect(await ended).toBe(true);
  });

  it('that leaves ends the answer, without drained', async () => {
    const { client, response, drains } = await stalled();
    fill(response);
    const ended = outcome(response);
    client.tcp.resetAndDestroy();
    expect(await ended).toBe(false);
    expect(response.bufferedBytes).toBe(0);
    expect(drains.all).toEqual([]);
  });

  describe('while the answer is given up', () => {
    it('sees it truncated', async () => {
      const { client, response } = await stalled();
      fill(response);
      response.end(Buffer.alloc(MIB));
      const ended = outcome(response);
      response.abort();
      expect(await ended).toBe(false);
      client.tcp.resume();
      expect((await client.response()).truncated).toBe(true);
    });
  });
});

describeDrivers('an owner that throws', (driver) => {
  it('before it answered makes a 500, and is reported', async () => {
    const errors = new Inbox<unknown>();
    const listener = await driver.listen({
      onRequest: () => {
        throw new Error('no answer');
      },
      onError: (error) => errors.push(error),
    });
    const client = await RawClient.connect(listener);
    client.send(get());
    expect((await client.response()).status).toBe(500);
    expect(await errors.next()).toMatchObject({ message: 'no answer' });
  });

  it('in the middle of an answer makes a truncated one', async () => {
    const errors = new Inbox<unknown>();
    const listener = await driver.listen({
      onRequest: (_request, response) => {
        response.start(200);
        response.write('half of');
        throw new Error('broken');
      },
      onError: (error) => errors.push(error),
    });
    const client = await RawClient.connect(listener);
    client.send(get());
    await errors.next();
    await client.gone;
    if (client.pending.length > 0) expect((await client.response()).truncated).toBe(true);
  });

  it('in onClosed or onDrained is reported', async () => {
    const errors = new Inbox<unknown>();
    const listener = await driver.listen({
      onRequest: (_request, response) => {
        response.onClosed(() => {
          throw new Error('in onClosed');
        });
        response.send(200);
      },
      onError: (error) => errors.push(error),
    });
    const client = await RawClient.connect(listener);
    client.send(get());
    expect((await client.response()).status).toBe(200);
    expect(await errors.next()).toMatchObject({ message: 'in onClosed' });
  });
});
