import { once } from 'node:events';
import http from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { ChannelReader, IIIClient } from 'iii-sdk';
import { gate } from 'iii-testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { chunks, connect, drivers, type Handler, remoteClient, TestBed } from './test-support.js';

const KINDS = drivers.flatMap((driver) => [
  { driver, where: 'in memory' },
  { driver, where: 'over a socket' },
]);
const MIB = 1024 * 1024;
const JSON_TYPE = { 'content-type': 'application/json' };

describe.each(KINDS)('request bodies on a channel, driver $driver, handlers $where', ({ driver, where }) => {
  let bed: TestBed;
  let app: IIIClient;
  let handler: Handler;

  beforeAll(async () => {
    vi.spyOn(console, 'debug').mockImplementation(() => {});
    bed = await TestBed.open({ config: { driver } });
    app = where === 'in memory' ? bed.app : await remoteClient(await bed.engine.listen(), 'remote');
    for (const http_method of ['GET', 'POST']) {
      await bed.route('/a', (...call) => handler(...call), { on: app, config: { http_method } });
    }
  });
  afterEach(() => bed.channelsLeft(0));
  afterAll(async () => {
    await app.shutdown();
    await bed[Symbol.asyncDispose]();
    vi.restoreAllMocks();
  });

  const post = (body: string | Uint8Array, headers: http.OutgoingHttpHeaders = {}) =>
    bed.ask('/a', { method: 'POST', headers, body });

  /** Begins an upload whose end is up to the test. */
  function upload(): http.ClientRequest {
    const { hostname, port } = new URL(`http://${bed.address}`);
    const sent = http.request({ hostname, port, path: '/a', method: 'POST', agent: false });
    sent.on('error', () => {});
    sent.flushHeaders();
    return sent;
  }

  it('have the bytes of JSON as they were sent, beside the parsed body', async () => {
    const text = '{"z":2, "a":1}';
    handler = async ({ body, request_body }) => ({ body, raw: String(await request_body.readAll()) });
    expect((await post(text, JSON_TYPE)).json).toEqual({ body: { z: 2, a: 1 }, raw: text });
    expect((await post('{"a":', JSON_TYPE)).json).toEqual({ body: null, raw: '{"a":' });
  });

  it('have JSON in items of at most 64 KiB', async () => {
    const text = JSON.stringify('x'.repeat(MIB));
    handler = async ({ request_body }) => {
      const sizes = (await collect(request_body)).map(({ length }) => length);
      return { most: Math.max(...sizes), all: sizes.reduce((sum, size) => sum + size) };
    };
    expect((await post(text, JSON_TYPE)).json).toEqual({ most: 64 * 1024, all: text.length });
  });

  it.each([
    ['a=1&b=%20', 'application/x-www-form-urlencoded'],
    ['--b\r\n\r\nx\r\n--b--\r\n', 'multipart/form-data; boundary=b'],
    ['{"a":1}', undefined],
  ])('have the bytes of %j of type %s', async (text, type) => {
    handler = async ({ body, headers, request_body }) => ({
      body,
      type: headers['content-type'] ?? null,
      raw: String(await request_body.readAll()),
    });
    const reply = await post(text, type === undefined ? {} : { 'content-type': type });
    expect(reply.json).toEqual({ body: null, type: type ?? null, raw: text });
  });

  it('end at once when there is nothing', async () => {
    handler = async ({ request_body }) => (await request_body.readAll()).length;
    expect((await bed.ask('/a')).json).toBe(0);
    expect((await post('')).json).toBe(0);
    expect((await post('', JSON_TYPE)).json).toBe(0);
  });

  it('arrive while they are being sent', async () => {
    const first = gate<string>();
    handler = async ({ request_body }) => {
      const texts: string[] = [];
      for await (const chunk of request_body) {
        texts.push(String(chunk));
        first.open(texts.join(''));
      }
      return texts.join('');
    };
    const sent = upload();
    sent.write('one ');
    expect(await first.opened).toBe('one ');
    const answered = once(sent, 'response');
    sent.end('two');
    const [response] = (await answered) as [http.IncomingMessage];
    expect(String(await response.setEncoding('utf8').toArray())).toBe('"one two"');
  });

  it('that are larger than body_limit are no matter when they are streamed', async () => {
    const size = 24 * MIB;
    handler = async ({ request_body }) => {
      let bytes = 0;
      for await (const chunk of request_body) bytes += chunk.length;
      return bytes;
    };
    expect((await post(Buffer.alloc(size))).json).toBe(size);
  });

  it('can be sent back as they come', async () => {
    const size = 24 * MIB;
    handler = ({ request_body, response }) => {
      response.sendMessage(JSON.stringify({ type: 'set_status', status_code: 201 }));
      return pipeline(request_body.stream, response.stream);
    };
    const reply = await post(Buffer.alloc(size, 5));
    expect([reply.status, reply.body.length]).toEqual([201, size]);
    expect(reply.body.equals(Buffer.alloc(size, 5))).toBe(true);
  });

  it('hold their client back when the handler is slow', async () => {
    const reading = gate();
    handler = async ({ request_body }) => {
      await reading.opened;
      let bytes = 0;
      for await (const chunk of request_body) bytes += chunk.length;
      return bytes;
    };
    const size = 32 * MIB;
    let taken = 0;
    const sent = upload();
    const answered = once(sent, 'response');
    const sending = pipeline(
      chunks(size, (bytes) => (taken += bytes)),
      sent,
    );
    for (let before = -1; before !== taken || taken === 0; ) {
      before = taken;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // What fits into windows and the buffers of sockets.
    expect(taken).toBeLessThan(size / 2);
    reading.open();
    const [response] = (await answered) as [http.IncomingMessage];
    expect(await response.setEncoding('utf8').toArray()).toEqual([String(size)]);
    await sending;
  });

  it('that nobody reads hold nothing up, and their connection lives on', async () => {
    handler = () => ({ read: false });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const { hostname, port } = new URL(`http://${bed.address}`);
    const ports = new Set<number | undefined>();
    for (let i = 0; i < 3; i++) {
      const sent = http.request({ hostname, port, path: '/a', method: 'POST', agent });
      sent.end(Buffer.alloc(2 * MIB));
      const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
      ports.add(sent.socket?.localPort);
      expect(await response.setEncoding('utf8').toArray()).toEqual(['{"read":false}']);
    }
    expect(ports.size).toBe(1);
    agent.destroy();
  });

  it('whose reader has enough are taken from the client all the same', async () => {
    handler = async ({ request_body, response }) => {
      for await (const chunk of request_body) {
        if (chunk.length > 0) break;
      }
      response.stream.end('enough');
    };
    expect((await post(Buffer.alloc(8 * MIB))).text).toBe('enough');
  });

  it('that are cut off are an error for whoever reads them, and cancel the call', async () => {
    const failed = gate<unknown>();
    const cancelled = gate<unknown>();
    const started = gate();
    handler = async ({ request_body }, _, { signal }) => {
      signal.addEventListener('abort', () => cancelled.open(signal.reason));
      request_body.stream.once('data', () => started.open());
      await request_body.readAll().catch(failed.open);
    };
    const head = 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n';
    const client = connect(bed.address, `${head}half`);
    await started.opened;
    client.destroy();
    expect(await failed.opened).toMatchObject({ name: 'ChannelClosedError', code: 'peer_failed' });
    expect(await cancelled.opened).toMatchObject({ code: 'CANCELLED' });
  });

  it('can be read on after the response was begun, and after the function has returned', async () => {
    const size = 4 * MIB;
    const all = gate<number>();
    handler = ({ request_body, response }) => {
      response.stream.write('begun');
      void (async () => {
        let bytes = 0;
        for await (const chunk of request_body) bytes += chunk.length;
        all.open(bytes);
        response.stream.end(' done');
      })();
    };
    const sent = upload();
    const answered = once(sent, 'response');
    sent.write('x');
    const [response] = (await answered) as [http.IncomingMessage];
    const [begun] = (await once(response, 'data')) as [Buffer];
    expect(String(begun)).toBe('begun');
    sent.end(Buffer.alloc(size - 1));
    expect(await all.opened).toBe(size);
    expect(await response.setEncoding('utf8').toArray()).toEqual([' done']);
  });
});

async function collect(reader: ChannelReader): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of reader) chunks.push(chunk);
  return chunks;
}
