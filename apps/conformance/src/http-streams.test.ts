import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import nodeHttp from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type HttpRequest, http } from '@iii-dev/helpers/http';
import { expect, vi } from 'vitest';
import { offered } from './official.js';
import { onBothDrivers } from './on-both-drivers.js';

const MIB = 1024 * 1024;
const SIZE = 100 * MIB;
/** Between two looks at how much memory the engine takes. */
const LOOK_MS = 15;

interface MemoryWatch extends Disposable {
  /** Bytes beyond what it was at first. */
  most(): number;
  /** Resolves with the next look. */
  looked(): Promise<unknown>;
}

type Callback = Parameters<typeof http>[0];
type StreamResponse = Parameters<Callback>[1];

await onBothDrivers('streams of an official client over HTTP', (bench, check) => {
  /** A worker whose `http()` handler serves a path. */
  async function serve(callback: Callback, api_path = 'stream'): Promise<void> {
    const client = bench.official(api_path);
    client.registerFunction(api_path, http(callback));
    for (const http_method of ['GET', 'POST']) {
      client.registerTrigger({ type: 'http', function_id: api_path, config: { api_path, http_method } });
    }
    await offered(client, api_path);
  }

  const ask = (init?: RequestInit) =>
    fetch(`${bench.engine.httpUrl}/stream`, { ...init, headers: { connection: 'close', ...init?.headers } });

  /** A request whose body, and the reading of whose answer, are up to the test. */
  function begin(method: string, at = 'stream'): nodeHttp.ClientRequest {
    const request = nodeHttp.request(`${bench.engine.httpUrl}/${at}`, { method, agent: false });
    request.on('error', () => {});
    request.flushHeaders();
    return request;
  }

  const responseTo = async (request: nodeHttp.ClientRequest) =>
    ((await once(request, 'response')) as [nodeHttp.IncomingMessage])[0];

  /** Resolves once the engine has no channel any more. */
  async function emptied(): Promise<void> {
    const asking = bench.official('asking');
    await vi.waitFor(
      async () =>
        expect(await asking.trigger({ function_id: 'engine::channels::list', payload: {} })).toEqual({
          channels: [],
        }),
      { timeout: 10_000, interval: 20 },
    );
  }

  /** Goes on after each MiB only when memory has been looked at, which is slower than what is sent. */
  async function* slowly(stream: AsyncIterable<unknown>, memory: MemoryWatch): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      yield chunk;
      const before = Math.floor(bytes / MIB);
      bytes += chunk.length;
      if (Math.floor(bytes / MIB) > before) await memory.looked();
    }
  }

  /** Watches what the engine takes in memory beyond what it has now. */
  function watchMemory(): MemoryWatch {
    const before = bench.engine.residentBytes;
    const looks = new EventEmitter();
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, bench.engine.residentBytes - before);
      looks.emit('look');
    }, LOOK_MS);
    return {
      most: () => most,
      looked: () => once(looks, 'look'),
      [Symbol.dispose]: () => clearInterval(timer),
    };
  }

  check('§20.28 JSON is parsed, and its bytes are on the channel too', async () => {
    await serve(async (request: HttpRequest) => {
      const raw = (await request.request_body.readAll()).toString();
      return { status_code: 200, body: { raw, body: request.body } as Record<string, unknown> };
    });
    const text = '{"z":2, "a":1}';
    const response = await ask({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: text,
    });
    expect(await response.json()).toEqual({ raw: text, body: { z: 2, a: 1 } });
    await emptied();
  });

  check('§20.28 forms of both kinds arrive as bytes', async () => {
    await serve(async ({ headers, request_body }: HttpRequest, response: StreamResponse) => {
      const raw = await request_body.readAll();
      response.status(200);
      response.headers({ 'x-type': String(headers['content-type']) });
      response.stream.end(raw);
    });
    const url = await ask({ method: 'POST', body: new URLSearchParams({ a: '1', b: 'ä' }) });
    expect(await url.text()).toBe('a=1&b=%C3%A4');
    const form = new FormData();
    form.set('file', new Blob(['content']), 'a.txt');
    const multipart = await ask({ method: 'POST', body: form });
    const [, boundary] = /boundary=(.+)/.exec(multipart.headers.get('x-type') ?? '') ?? [];
    expect(boundary).toBeTruthy();
    const text = await multipart.text();
    expect(text).toContain(`--${boundary}`);
    expect(text).toContain('content');
    await emptied();
  });

  check('§20.28 a handler may answer on its channel after it has returned', async () => {
    await serve(async (_request: HttpRequest, response: StreamResponse) => {
      setTimeout(() => response.stream.end(Buffer.from('late')), 500);
    });
    expect(await (await ask()).text()).toBe('late');
    await serve(async (_request: HttpRequest, response: StreamResponse) => {
      response.stream.end(Buffer.from('at once'));
    }, 'early');
    const early = await fetch(`${bench.engine.httpUrl}/early`, { headers: { connection: 'close' } });
    expect(await early.text()).toBe('at once');
    await emptied();
  });

  check('§20.28 a handler that says nothing at all is answered soon', async () => {
    await serve(async () => {});
    const start = performance.now();
    const response = await ask();
    expect([response.status, await response.text()]).toEqual([200, '{}']);
    expect(performance.now() - start).toBeLessThan(8_000);
    await emptied();
  });

  check('§20.28 events arrive one by one, each before the next is sent', async () => {
    const client = new EventEmitter();
    await serve(async (_request: HttpRequest, response: StreamResponse) => {
      response.status(200);
      response.headers({
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache',
        connection: 'keep-alive',
      });
      for (let id = 1; id <= 4; id++) {
        response.stream.write(`id: ${id}\nevent: tick\ndata: line one\ndata: line two\n\n`);
        await once(client, 'event');
      }
      response.stream.end();
    });
    const response = await responseTo(begin('GET').end());
    expect(response.headers['content-type']).toBe('text/event-stream');
    const events: string[] = [];
    for await (const event of response) {
      events.push(String(event));
      client.emit('event');
    }
    expect(events).toEqual(
      [1, 2, 3, 4].map((id) => `id: ${id}\nevent: tick\ndata: line one\ndata: line two\n\n`),
    );
    await emptied();
  });

  check(
    '§20.28 an upload of 100 MB through a slow handler arrives whole, and takes bounded memory',
    async () => {
      const received = createHash('sha256');
      using memory = watchMemory();
      await serve(async (request: HttpRequest, response: StreamResponse) => {
        response.status(201);
        response.headers({ 'content-type': 'text/plain' });
        let bytes = 0;
        for await (const chunk of slowly(request.request_body.stream, memory)) {
          received.update(chunk);
          bytes += chunk.length;
        }
        response.stream.end(String(bytes));
      });
      const sent = createHash('sha256');
      const request = begin('POST');
      const responding = responseTo(request);
      await pipeline(Readable.from(chunks(sent)), request);
      const response = await responding;
      expect([response.statusCode, String(await bytesOf(response))]).toEqual([201, String(SIZE)]);
      expect(received.digest('hex')).toBe(sent.digest('hex'));
      expect(memory.most()).toBeLessThan(64 * MIB);
      await emptied();
    },
    60_000,
  );

  check(
    '§20.28 a download of 100 MB to a slow client arrives whole, and takes bounded memory',
    async () => {
      const sent = createHash('sha256');
      await serve(async (_request: HttpRequest, response: StreamResponse) => {
        response.headers({ 'content-type': 'application/octet-stream' });
        await pipeline(Readable.from(chunks(sent)), response.stream);
      });
      using memory = watchMemory();
      const response = await responseTo(begin('GET').end());
      const { socket } = response;
      let end = 'without an end';
      socket.once('end', () => (end = 'with a FIN')).once('error', ({ message }) => (end = message));
      const received = createHash('sha256');
      let bytes = 0;
      try {
        for await (const chunk of slowly(response, memory)) {
          received.update(chunk);
          bytes += chunk.length;
        }
      } catch (cause) {
        // Asking it something gives what it has to say about that the time to get here.
        const list = { function_id: 'engine::channels::list', payload: {} };
        const channels = JSON.stringify(await bench.official('asking').trigger(list));
        const { child, lines } = bench.engine;
        const engine = `${child.exitCode ?? child.signalCode ?? 'running'}, with ${channels}:\n${lines.join('\n')}`;
        const taken = `${bytes} bytes, of ${socket.bytesRead} that came, ${end}`;
        throw new Error(`cut after ${taken}; the engine is ${engine}`, { cause });
      }
      expect(bytes).toBe(SIZE);
      expect(received.digest('hex')).toBe(sent.digest('hex'));
      expect(memory.most()).toBeLessThan(64 * MIB);
      await emptied();
    },
    60_000,
  );

  check('§20.28 a client that leaves ends the writer, and its upload', async () => {
    let ended = () => {};
    const bothEnded = new Promise<void>((resolve) => (ended = resolve));
    await serve(async (request: HttpRequest, response: StreamResponse) => {
      const writing = new Promise((resolve) => {
        response.stream.on('error', resolve).on('close', resolve);
        const timer = setInterval(() => response.stream.write(Buffer.alloc(1024)), 5);
        response.stream.on('close', () => clearInterval(timer));
        response.stream.on('error', () => clearInterval(timer));
      });
      await Promise.all([writing, request.request_body.readAll().catch(() => undefined)]);
      ended();
    });
    const request = begin('POST');
    request.write('half');
    const response = await responseTo(request);
    await once(response, 'data');
    response.on('error', () => {});
    request.destroy();
    await bothEnded;
    await emptied();
  });

  check('§20.28 a handler that is killed in the middle is a response that is cut off', async () => {
    const script = path.resolve(import.meta.dirname, '../workers/http-streams.mjs');
    const child = spawn(process.execPath, [script, bench.engine.url], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(child, 'message');
    const response = await responseTo(begin('GET', 'endless').end());
    await once(response, 'data');
    const failed = once(response, 'error');
    response.resume();
    child.kill('SIGKILL');
    expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
    await emptied();
  });
});

function* chunks(hash: ReturnType<typeof createHash>): Generator<Buffer> {
  for (let at = 0; at < SIZE; at += 64 * 1024) {
    const chunk = Buffer.alloc(64 * 1024, at / 65_536);
    hash.update(chunk);
    yield chunk;
  }
}

async function bytesOf(response: nodeHttp.IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
