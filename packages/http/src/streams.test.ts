import { once } from 'node:events';
import type http from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ChannelWriter, IIIClient } from 'iii-sdk';
import { gate } from 'iii-testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  chunks,
  connect,
  drivers,
  type Handler,
  type Payload,
  remoteClient,
  TestBed,
} from './test-support.js';

const KINDS = drivers.flatMap((driver) => [
  { driver, where: 'in memory' },
  { driver, where: 'over a socket' },
]);
const MIB = 1024 * 1024;
const INTERNAL_ERROR = {
  error: {
    code: 'INTERNAL_ERROR',
    message: 'internal server error',
    error_id: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
  },
};

const control = (message: object) => JSON.stringify(message);
const setStatus = (status_code: unknown) => control({ type: 'set_status', status_code });
const setHeaders = (headers: unknown) => control({ type: 'set_headers', headers });
const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

describe.each(KINDS)('streamed answers, driver $driver, handlers $where', ({ driver, where }) => {
  let bed: TestBed;
  let app: IIIClient;
  let handler: Handler;

  beforeAll(async () => {
    vi.spyOn(console, 'debug').mockImplementation(() => {});
    bed = await TestBed.open({ config: { driver, stream_grace: 10_000 } });
    app = where === 'in memory' ? bed.app : await remoteClient(await bed.engine.listen(), 'remote');
    for (const http_method of ['GET', 'POST']) {
      await bed.route(
        '/a',
        (payload, metadata, context) => {
          payload.response.stream.on('error', () => {});
          return handler(payload, metadata, context);
        },
        { on: app, config: { http_method } },
      );
    }
  });
  afterEach(() => bed.channelsLeft(0));
  afterAll(async () => {
    await app.shutdown();
    await bed[Symbol.asyncDispose]();
    vi.restoreAllMocks();
  });

  const inFlight = () => bed.engine.engine.status.inFlight;
  /** Until no call is under way, neither the handler's nor the one that asks. */
  async function idle(): Promise<void> {
    await vi.waitFor(() => expect(inFlight()).toBe(0));
  }
  const lineOf = (message: string) => bed.log.lines.filter((line) => line.message.includes(message)).at(-1);

  it('have the status and the headers of the control messages, and the body of the pieces', async () => {
    handler = ({ response }) => {
      response.sendMessage(setStatus(206));
      response.sendMessage(setHeaders({ 'content-type': 'text/plain', 'x-two': 'a' }));
      response.sendMessage(setHeaders({ 'X-Two': 'b' }));
      response.stream.write('hel');
      response.stream.end('lo');
    };
    const reply = await bed.ask('/a');
    expect([reply.status, reply.text]).toEqual([206, 'hello']);
    expect(reply.headers).toMatchObject({
      'content-type': 'text/plain',
      'x-two': 'b',
      'transfer-encoding': 'chunked',
      'access-control-allow-origin': '*',
    });
  });

  it('have status 200 and no content type when nothing else is said', async () => {
    handler = ({ response }) => void response.stream.end('x');
    const reply = await bed.ask('/a');
    expect([reply.status, reply.text]).toEqual([200, 'x']);
    expect(reply.headers).not.toHaveProperty('content-type');
  });

  it('may be begun after the function has returned nothing', async () => {
    const later = gate<ChannelWriter>();
    handler = ({ response }) => later.open(response);
    const asked = bed.ask('/a');
    const response = await later.opened;
    await idle();
    response.stream.end('late');
    expect((await asked).text).toBe('late');
  });

  it('take their status alone, with an empty body, from a writer that ends without a piece', async () => {
    handler = ({ response }) => {
      response.sendMessage(setStatus(202));
      response.sendMessage(setHeaders({ 'x-kept': 'yes' }));
      response.close();
    };
    const reply = await bed.ask('/a');
    expect([reply.status, reply.text, reply.headers['x-kept']]).toEqual([202, '', 'yes']);
  });

  it('ignore text after the first piece, and text that is no control message', async () => {
    handler = async ({ response }) => {
      for (const text of ['', 'hi', '[]', '{}', 'null', control({ type: 'set_status' })]) {
        response.sendMessage(text);
      }
      response.sendMessage(control({ type: 'set_headers', headers: 'x' }));
      response.stream.write('a');
      response.sendMessage(setStatus(500));
      response.sendMessage(setHeaders({ 'x-late': '1' }));
      response.stream.end('b');
    };
    const reply = await bed.ask('/a');
    expect([reply.status, reply.text]).toEqual([200, 'ab']);
    expect(reply.headers).not.toHaveProperty('x-late');
  });

  it('leave out headers that cannot be sent, and belong to the connection', async () => {
    handler = ({ response }) => {
      response.sendMessage(
        setHeaders({
          'x-good': '1',
          'x bad': '2',
          'x-break': 'a\r\nx-evil: 1',
          'x-number': 5,
          'content-length': '3',
          'transfer-encoding': 'identity',
          connection: 'keep-alive',
          'set-cookie': ['a=1', 'b=2'],
        }),
      );
      response.stream.end('whole');
    };
    const reply = await bed.ask('/a');
    expect(reply.text).toBe('whole');
    expect(reply.headers).toMatchObject({ 'x-good': '1', 'set-cookie': ['a=1', 'b=2'] });
    for (const name of ['x bad', 'x-break', 'x-evil', 'x-number', 'content-length']) {
      expect(reply.headers).not.toHaveProperty(name);
    }
    expect(lineOf('left out the header "x-break"')).toMatchObject({ level: 'warn' });
  });

  it('keep their status when another is none', async () => {
    handler = ({ response }) => {
      response.sendMessage(setStatus(201));
      for (const status of [99, 600, 200.5, '200', null]) response.sendMessage(setStatus(status));
      response.stream.end('x');
    };
    expect((await bed.ask('/a')).status).toBe(201);
    expect(lineOf('ignored set_status 600')).toMatchObject({ level: 'warn' });
  });

  it('are a 500 when their status is not a final one', async () => {
    handler = ({ response }) => {
      response.sendMessage(setStatus(103));
      response.stream.end('x');
    };
    expect(await bed.ask('/a')).toMatchObject({ status: 500, json: INTERNAL_ERROR });
  });

  describe('and results', () => {
    it('a result that comes before the first piece is the answer, whatever was said', async () => {
      handler = async ({ response }) => {
        response.sendMessage(setStatus(206));
        await response.drained();
        return { status_code: 201, body: 'result' };
      };
      expect(await bed.ask('/a')).toMatchObject({ status: 201, json: 'result' });
    });

    it('a writer learns that its response was given by a result', async () => {
      const failed = gate<Error>();
      handler = async ({ response }) => {
        response.stream.on('error', failed.open);
        response.sendMessage(setStatus(206));
        await response.drained();
        return 1;
      };
      expect((await bed.ask('/a')).json).toBe(1);
      expect(await failed.opened).toMatchObject({ name: 'ChannelClosedError' });
    });

    it('a result or an error after the end of a response changes nothing', async () => {
      const went = gate();
      handler = async ({ response }) => {
        await pipeline(Readable.from(['streamed']), response.stream);
        await went.opened;
        return { status_code: 500 };
      };
      const reply = await bed.ask('/a');
      expect([reply.status, reply.text]).toEqual([200, 'streamed']);
      went.open();
      await idle();
      handler = async ({ response }) => {
        await pipeline(Readable.from(['streamed']), response.stream);
        throw new Error('too late');
      };
      expect((await bed.ask('/a')).text).toBe('streamed');
      await vi.waitFor(() =>
        expect(lineOf('failed after its response')).toMatchObject({
          level: 'error',
          fields: { error_id: expect.any(String), route: '/a' },
        }),
      );
    });
  });

  describe('that fail', () => {
    it('before the first piece, because the function does, are its error', async () => {
      handler = ({ response }) => {
        response.sendMessage(setStatus(206));
        response.sendMessage(setHeaders({ 'x-not': 'sent' }));
        throw new Error('out of order');
      };
      const reply = await bed.ask('/a');
      expect(reply).toMatchObject({
        status: 500,
        json: { error: { code: 'invocation_failed', message: 'out of order' } },
      });
      expect(reply.headers).not.toHaveProperty('x-not');
    });

    it.each([
      ['and the function returns nothing', async () => undefined],
      ['and the function does not return', (signal: AbortSignal) => once(signal, 'abort')],
    ])('before the first piece, because the writer was destroyed %s, are 500', async (_, ending) => {
      handler = async ({ response }, __, { signal }) => {
        response.sendMessage(setStatus(206));
        await bed.messagesPassed(1);
        response.stream.destroy(new Error('no disk'));
        await ending(signal);
      };
      const reply = await bed.ask('/a');
      expect(reply).toMatchObject({ status: 500, json: INTERNAL_ERROR });
      const { error } = reply.json as { error: { error_id: string } };
      const line = bed.log.of('error').find(({ fields }) => fields.error_id === error.error_id);
      expect(String(line?.fields.err)).toContain('no disk');
    });

    it.each([
      [
        'the writer was destroyed',
        ({ response }: Payload) => void response.stream.destroy(new Error('gone')),
      ],
      ['the function throws', () => Promise.reject(new Error('gone'))],
    ])('after it, because %s, are cut off', async (_, failing) => {
      const answered = gate();
      handler = async (payload) => {
        payload.response.stream.write('half');
        await answered.opened;
        return failing(payload);
      };
      const response = await bed.begin('/a');
      const [piece] = (await once(response, 'data')) as [Buffer];
      expect([response.statusCode, String(piece)]).toEqual([200, 'half']);
      answered.open();
      const [error] = (await once(response, 'error')) as [Error];
      expect(error).toMatchObject({ code: 'ECONNRESET' });
      expect(lineOf('failed while its response was being sent')).toMatchObject({
        level: 'error',
        fields: { error_id: expect.stringMatching(/^[0-9a-f]{12}$/), route: '/a' },
      });
    });
  });

  describe('without a body', () => {
    it('HEAD has the head of GET, and stops the writer', async () => {
      const failed = gate<Error>();
      handler = async ({ response }) => {
        response.stream.on('error', failed.open);
        response.sendMessage(setHeaders({ 'x-head': 'yes' }));
        await pipeline(endless(), response.stream);
      };
      const reply = await bed.ask('/a', { method: 'HEAD' });
      expect([reply.status, reply.headers['x-head'], reply.text]).toEqual([200, 'yes', '']);
      expect(await failed.opened).toMatchObject({ code: 'reader_done' });
      await idle();
    });

    it.each([204, 304])('%i has none either', async (status) => {
      handler = ({ response }) => {
        response.sendMessage(setStatus(status));
        response.stream.end('not sent');
      };
      const reply = await bed.ask('/a');
      expect([reply.status, reply.text]).toEqual([status, '']);
      expect(reply.headers).not.toHaveProperty('transfer-encoding');
    });
  });

  describe('to clients', () => {
    it('reach them piece by piece', async () => {
      const turns = [gate(), gate(), gate()] as const;
      handler = async ({ response }) => {
        response.sendMessage(setHeaders({ 'content-type': 'text/event-stream', connection: 'keep-alive' }));
        for (const [index, { opened }] of turns.entries()) {
          response.stream.write(`id: ${index}\ndata: a\ndata: b\n\n`);
          await opened;
        }
        response.stream.end();
      };
      const response = await bed.begin('/a');
      expect(response.headers['content-type']).toBe('text/event-stream');
      for (const [index, { open }] of turns.entries()) {
        const [event] = (await once(response, 'data')) as [Buffer];
        expect(String(event)).toBe(`id: ${index}\ndata: a\ndata: b\n\n`);
        open();
      }
      await ended(response);
    });

    it('that leave tell the writer and cancel the call', async () => {
      const failed = gate<Error>();
      const cancelled = gate<unknown>();
      handler = async ({ response }, _, { signal }) => {
        signal.addEventListener('abort', () => cancelled.open(signal.reason));
        response.stream.on('error', failed.open);
        response.stream.write('first');
        await failed.opened;
      };
      const response = await bed.begin('/a');
      await once(response, 'data');
      response.destroy();
      expect(await failed.opened).toMatchObject({ code: 'reader_done' });
      expect(await cancelled.opened).toMatchObject({ code: 'CANCELLED' });
      await idle();
    });

    it('that leave before anything was said cancel the call too', async () => {
      const called = gate();
      const cancelled = gate<unknown>();
      handler = async (_, __, { signal }) => {
        signal.addEventListener('abort', () => cancelled.open(signal.reason));
        called.open();
        await cancelled.opened;
      };
      const client = connect(bed.address, GET('/a'));
      await called.opened;
      client.destroy();
      expect(await cancelled.opened).toMatchObject({ code: 'CANCELLED' });
      await idle();
    });

    it('that are slow hold the writer back, and get everything', async () => {
      const size = 32 * MIB;
      let written = 0;
      handler = async ({ response }) => {
        await pipeline(
          chunks(size, (bytes) => (written += bytes)),
          response.stream,
        );
      };
      const response = await bed.begin('/a');
      response.pause();
      for (let before = -1; before !== written || written === 0; ) {
        before = written;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      // What fits into windows and the buffers of sockets.
      expect(written).toBeLessThan(size / 2);
      expect(await bytesOf(response)).toBe(size);
    });
  });
});

describe.each(drivers)('streamed answers, driver %s', (driver) => {
  /** On a clock that stands still. */
  const open = (config = {}) => TestBed.open({ clock: 'manual', config: { driver, ...config } });

  it('a function that returns nothing and says nothing is answered with {} after the grace', async () => {
    await using bed = await open({ stream_grace: 5_000 });
    const returned = gate();
    await bed.route('/a', () => returned.open());
    const asked = bed.ask('/a');
    await returned.opened;
    await bed.engine.clock.advanceAsync(4_900);
    await bed.channelsLeft(2);
    await bed.engine.clock.advanceAsync(200);
    const reply = await asked;
    expect([reply.status, reply.headers['content-type'], reply.text]).toEqual([
      200,
      'application/json',
      '{}',
    ]);
    await bed.channelsLeft(0);
  });

  it('the grace is never as long as the request has', async () => {
    await using bed = await open({ stream_grace: 5_000, default_timeout: 1_000 });
    const returned = gate();
    await bed.route('/a', () => returned.open());
    const asked = bed.ask('/a');
    await returned.opened;
    await bed.engine.clock.advanceAsync(600);
    expect((await asked).status).toBe(200);
    await bed.channelsLeft(0);
  });

  it('control messages alone keep a response open until the time of the request is up', async () => {
    await using bed = await open({ stream_grace: 100, default_timeout: 1_000 });
    const said = gate();
    await bed.route('/a', async ({ response }) => {
      response.stream.on('error', () => {});
      response.sendMessage(setStatus(206));
      await bed.messagesPassed(1);
      said.open();
    });
    const asked = bed.ask('/a');
    await said.opened;
    await bed.engine.clock.advanceAsync(900);
    expect(bed.log.of('warn')).toEqual([]);
    await bed.engine.clock.advanceAsync(200);
    expect((await asked).status).toBe(504);
    await bed.channelsLeft(0);
  });

  it('a stream may be silent for hours, and its function as long at work', async () => {
    await using bed = await open();
    const more = gate();
    await bed.route('/a', async ({ response }) => {
      response.stream.write('a');
      await more.opened;
      response.stream.end('b');
    });
    const response = await bed.begin('/a');
    await once(response, 'data');
    for (let hour = 0; hour < 3; hour++) await bed.engine.clock.advanceAsync(3_600_000);
    more.open();
    const [last] = (await once(response, 'data')) as [Buffer];
    expect(String(last)).toBe('b');
    await ended(response);
    await bed.channelsLeft(0);
  });

  it('a function may take longer than the engine keeps channels that nobody uses, and use its own then', async () => {
    await using bed = await open({ default_timeout: 3_600_000 });
    const called = gate();
    const answer = gate();
    await bed.route('/a', async ({ response }) => {
      called.open();
      await answer.opened;
      response.stream.end('at last');
    });
    const asked = bed.ask('/a');
    await called.opened;
    for (let minute = 0; minute < 10; minute++) await bed.engine.clock.advanceAsync(60_000);
    answer.open();
    expect((await asked).text).toBe('at last');
    await bed.channelsLeft(0);
  });

  it('a function that has attached its end is waited for, whatever the grace', async () => {
    await using bed = await open({ stream_grace: 100, default_timeout: 60_000 });
    const returned = gate();
    let end = () => {};
    await bed.route('/a', ({ response }) => {
      response.stream.write('');
      end = () => response.stream.end('late');
      returned.open();
    });
    const asked = bed.ask('/a');
    await returned.opened;
    await bed.attached();
    await bed.engine.clock.advanceAsync(10_000);
    end();
    expect((await asked).text).toBe('late');
    await bed.channelsLeft(0);
  });

  it('a function that goes on after its response is given as long again, then cancelled', async () => {
    await using bed = await open({ default_timeout: 1_000 });
    const cancelled = gate<unknown>();
    await bed.route('/a', async ({ response }, _, { signal }) => {
      signal.addEventListener('abort', () => cancelled.open(signal.reason));
      response.stream.end('done');
      await cancelled.opened;
    });
    expect((await bed.ask('/a')).text).toBe('done');
    await bed.engine.clock.advanceAsync(900);
    expect(bed.engine.engine.status.inFlight).toBe(1);
    await bed.engine.clock.advanceAsync(200);
    expect(await cancelled.opened).toMatchObject({ code: 'CANCELLED' });
    await bed.channelsLeft(0);
  });

  it('a function that fails keeps no client from what it has written, however long that takes', async () => {
    await using bed = await open();
    const size = 32 * MIB;
    const begun = gate();
    await bed.route('/a', async ({ response }) => {
      response.stream.end(Buffer.alloc(size));
      await begun.opened;
      throw new Error('failed');
    });
    const response = await bed.begin('/a');
    begun.open();
    await vi.waitFor(() => expect(bed.engine.engine.status.inFlight).toBe(0));
    let received = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      const before = Math.floor(received / MIB);
      received += chunk.length;
      // A quarter of a second for each MiB: eight seconds for all.
      if (Math.floor(received / MIB) > before) await bed.engine.clock.advanceAsync(250);
    }
    expect(received).toBe(size);
    await bed.channelsLeft(0);
    expect(bed.log.messages('error')).toEqual([expect.stringContaining('failed after its response')]);
  });

  it('a function whose time is up is told so, and its channels are gone', async () => {
    await using bed = await open({ default_timeout: 1_000 });
    const called = gate();
    const cancelled = gate<unknown>();
    await bed.route('/a', async (_, __, { signal }) => {
      signal.addEventListener('abort', () => cancelled.open(signal.reason));
      called.open();
      await cancelled.opened;
    });
    const asked = bed.ask('/a');
    await called.opened;
    await bed.engine.clock.advanceAsync(1_100);
    expect((await asked).status).toBe(504);
    expect(String(await cancelled.opened)).toContain('1000 ms');
    await bed.channelsLeft(0);
  });

  it('a plain answer leaves no channel, nor does a request that never reaches its handler', async () => {
    await using bed = await TestBed.open({ config: { driver } });
    await bed.route('/a', () => 1);
    await bed.route('/b', () => 1, { config: { condition_function_id: 'f/a', http_method: 'GET' } });
    await bed.route('/c', undefined, { functionId: 'nobody' });
    const paths = ['/a', '/b', '/c', '/none'];
    const replies = await Promise.all(paths.map((path) => bed.ask(path)));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 500, 404]);
    await bed.channelsLeft(0);
  });
});

async function ended(response: http.IncomingMessage): Promise<void> {
  response.resume();
  if (!response.readableEnded) await once(response, 'end');
}

async function bytesOf(response: http.IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Buffer).length;
  return bytes;
}

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(1024);
}
