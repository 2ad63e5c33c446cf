import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { ListenerError } from '../errors.js';
import type { HeaderList } from '../types.js';
import { ask } from './ask.js';
import { describeDrivers } from './drivers.js';
import { Inbox } from './inbox.js';
import { RawClient } from './raw-client.js';
import { Exchanges, get, outcome } from './serve.js';

const MIB = 1024 * 1024;

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
