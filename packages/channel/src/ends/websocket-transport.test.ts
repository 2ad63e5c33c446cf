import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ManualClock } from 'iii-protocol/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CLOSE, CREDIT_PROTOCOL, WINDOW } from '../wire.js';
import { IDLE_LIMIT_MS, PING_INTERVAL_MS } from './liveness.js';
import { ChannelReader } from './reader.js';
import {
  closeOf,
  FakeHub,
  type FakeHubOptions,
  failureOf,
  firstMessage,
  refTo,
  tcpOf,
} from './test-support.js';
import { type ConnectWebSocketOptions, connectWebSocket } from './websocket-transport.js';
import { ChannelWriter } from './writer.js';

const MIB = 1024 * 1024;
const closing: Array<() => Promise<unknown>> = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startHub(options?: FakeHubOptions): Promise<FakeHub> {
  const hub = await FakeHub.start(options);
  closing.push(() => hub.close());
  return hub;
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'iii-channel-'));
  closing.push(() => rm(directory, { recursive: true }));
  return directory;
}

function writerTo(hub: FakeHub, options: ConnectWebSocketOptions = {}): ChannelWriter {
  return ChannelWriter.over(connectWebSocket(hub.address, options), refTo('write'));
}

function readerFrom(hub: FakeHub, options: ConnectWebSocketOptions = {}): ChannelReader {
  return ChannelReader.over(connectWebSocket(hub.address, options), refTo('read'));
}

/** Bytes that differ from place to place. */
function pattern(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i + 4 <= size; i += 4) bytes.writeUInt32LE(i, i);
  return bytes;
}

describe.each([
  ['an engine that knows credit', { credit: true }],
  // As the official one: it ignores the sub-protocol, and does not answer pings while it streams.
  ['an engine that ignores the sub-protocol', { credit: false, autoPong: false }],
])('over %s', (_name, options) => {
  it('a channel carries 20 MB', async () => {
    const hub = await startHub(options);
    const writer = new ChannelWriter(hub.address, refTo('write'));
    const sent = pattern(20 * MIB);
    writer.stream.end(sent);
    const received = await new ChannelReader(hub.address, refTo('read')).readAll();
    expect(received.equals(sent)).toBe(true);
    expect(await failureOf(writer.stream)).toBe(null);
    expect(hub.attached).toHaveLength(2);
  });

  it('text and binary keep their order and their boundaries', async () => {
    const hub = await startHub(options);
    const writer = writerTo(hub);
    const reader = readerFrom(hub);
    const seen: string[] = [];
    reader.onMessage((msg) => seen.push(`text ${msg}`));
    reader.stream.on('data', (chunk: Buffer) => seen.push(`bytes ${chunk.byteLength}`));
    // Without a reader of bytes from the start, text would not wait for them.
    await hub.nth(0);
    writer.stream.write(Buffer.alloc(100_000));
    writer.sendMessage('c1');
    writer.stream.write('x');
    writer.sendMessage('');
    writer.sendMessage('ü');
    writer.stream.end(Buffer.alloc(2));
    await once(reader.stream, 'close');
    expect(seen).toEqual(['bytes 65536', 'bytes 34464', 'text c1', 'bytes 1', 'text ', 'text ü', 'bytes 2']);
  });

  it('files can be piped in both directions', async () => {
    const hub = await startHub(options);
    const directory = await temporaryDirectory();
    const [from, to] = [path.join(directory, 'from'), path.join(directory, 'to')];
    const content = pattern(3 * MIB);
    await writeFile(from, content);
    await Promise.all([
      pipeline(createReadStream(from), writerTo(hub).stream),
      pipeline(readerFrom(hub).stream, createWriteStream(to)),
    ]);
    expect((await readFile(to)).equals(content)).toBe(true);
  });

  it('an empty channel ends', async () => {
    const hub = await startHub(options);
    const all = readerFrom(hub).readAll();
    const writer = writerTo(hub);
    writer.close();
    expect(await all).toEqual(Buffer.alloc(0));
    expect(await failureOf(writer.stream)).toBe(null);
  });

  it('a reader that does not read holds back the writer', async () => {
    const hub = await startHub(options);
    const reader = readerFrom(hub);
    const writer = writerTo(hub);
    reader.stream.once('readable', () => {});
    const all = pattern(64 * MIB);
    let written = 0;
    const chunks = (function* () {
      for (; written < all.byteLength; written += MIB) yield all.subarray(written, written + MIB);
    })();
    const piped = pipeline(chunks, writer.stream);
    await hub.nth(1);
    await standstill(() => written);
    // Without credit, what the operating system keeps on four sockets comes on top.
    expect(written).toBeLessThan(options.credit ? 2 * WINDOW.initial + 2 * MIB : 48 * MIB);
    if (options.credit) expect(hub.mostWaiting).toBeLessThan(2 * WINDOW.initial);
    const received = await reader.readAll();
    await piped;
    expect(received.equals(all)).toBe(true);
  });

  it('a reader that leaves stops the writer', async () => {
    const hub = await startHub(options);
    const piped = pipeline(async function* () {
      for (;;) yield Buffer.alloc(1000);
    }, writerTo(hub).stream);
    piped.catch(() => {});
    for await (const _chunk of readerFrom(hub)) break;
    await expect(piped).rejects.toMatchObject({ code: 'reader_done', closeCode: CLOSE.readerDone });
  });

  it('a writer that is destroyed fails the reader', async () => {
    const hub = await startHub(options);
    const writer = writerTo(hub);
    writer.stream.write('a');
    const reader = readerFrom(hub);
    const received: string[] = [];
    await expect(
      (async () => {
        for await (const chunk of reader) {
          received.push(String(chunk));
          writer.stream.destroy(new Error('disk full'));
        }
      })(),
    ).rejects.toMatchObject({ code: 'peer_failed', reason: 'disk full' });
    expect(received).toEqual(['a']);
  });

  it('a connection that is cut fails both ends', async () => {
    const hub = await startHub({ ...options, relays: false });
    const reader = readerFrom(hub);
    const all = reader.readAll();
    all.catch(() => {});
    const { socket } = await hub.nth(0);
    socket.send(Buffer.from('a'));
    tcpOf(socket).destroy();
    await expect(all).rejects.toMatchObject({ code: 'connection_lost', closeCode: 1006 });
    const writer = writerTo(hub);
    writer.stream.write('a');
    tcpOf((await hub.nth(1)).socket).resetAndDestroy();
    expect(await failureOf(writer.stream)).toMatchObject({ code: 'connection_lost' });
  });
});

describe('without credit', () => {
  it('an end that is confirmed by hanging up is one', async () => {
    const hub = await startHub({ credit: false, relays: false });
    const writer = writerTo(hub);
    writer.stream.end('last');
    const { socket } = await hub.nth(0);
    tcpOf(socket).removeAllListeners('data');
    const said: Buffer[] = [];
    tcpOf(socket)
      .on('data', (data: Buffer) => said.push(data))
      .resume();
    // "last" and the close frame have both arrived.
    while (Buffer.concat(said).byteLength < 6 + 4 + 6 + 2) await once(tcpOf(socket), 'data');
    tcpOf(socket).end();
    expect(await failureOf(writer.stream)).toBe(null);
    expect(writer.stream.writableFinished).toBe(true);
  });
});

describe('a request', () => {
  it('carries headers, the key, the direction, and what the address holds', async () => {
    const hub = await startHub({ relays: false });
    const connect = connectWebSocket(`${hub.address}/base/?token=a%20b`, {
      headers: { authorization: 'Bearer x' },
    });
    const ref = { channel_id: 'c/1', access_key: 'secret key&value', direction: 'read' } as const;
    // The class decides on the direction, not the ref.
    ChannelWriter.over(connect, ref).close();
    const { url, headers } = await hub.nth(0);
    expect(url.pathname + url.search).toBe(
      '/base/ws/channels/c%2F1?token=a%20b&key=secret%20key%26value&dir=write',
    );
    expect(headers).toMatchObject({ authorization: 'Bearer x', 'sec-websocket-protocol': CREDIT_PROTOCOL });
  });

  it.each([
    [404, 'channel_not_found'],
    [401, 'connect_refused'],
  ])(
    'that is answered with %i fails with %s, which names the server but not the key',
    async (status, code) => {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`));
      });
      const address = await listen(server);
      const reader = new ChannelReader(address, refTo('read'));
      const failure = await reader.readAll().catch((error: Error) => error);
      expect(failure).toMatchObject({ code, closeCode: 1006 });
      expect(String(failure)).toContain(`${address}/ws/channels/c1: Unexpected server response: ${status}`);
      expect(String(failure)).not.toContain('k1');
    },
  );

  it('that nobody takes fails with connect_failed, which a retry may help', async () => {
    const server = createServer();
    const address = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const writer = new ChannelWriter(address, refTo('write'));
    const written = new Promise((resolve) => writer.stream.write('a', resolve));
    expect(await written).toMatchObject({ code: 'connect_failed', retryable: true });
  });

  it('that is not answered in time fails with connect_failed', async () => {
    const sockets: Array<{ destroy(): void }> = [];
    const address = await listen(createServer((socket) => sockets.push(socket)));
    closing.push(async () => {
      for (const socket of sockets) socket.destroy();
    });
    const reader = ChannelReader.over(connectWebSocket(address, { handshakeTimeoutMs: 20 }), refTo('read'));
    await expect(reader.readAll()).rejects.toMatchObject({ code: 'connect_failed' });
  });

  it.each(['not an address', 'http://[', 'ftp://x/?token=secret'])(
    'to %j fails with invalid_address',
    async (address) => {
      const failure = await new ChannelReader(address, refTo('read'))
        .readAll()
        .catch((error: Error) => error);
      expect(failure).toMatchObject({ code: 'invalid_address' });
      expect(String(failure)).not.toContain('secret');
    },
  );

  it('that is answered with another sub-protocol fails', async () => {
    const hub = await startHub({ relays: false, answersWith: 'other' });
    await expect(readerFrom(hub).readAll()).rejects.toMatchObject({ code: 'connect_failed' });
  });
});

describe('liveness', () => {
  it('fails an end whose peer does not even answer pings', async () => {
    const hub = await startHub({ autoPong: false, relays: false });
    const clock = new ManualClock();
    const reader = readerFrom(hub, { clock });
    const all = reader.readAll();
    all.catch(() => {});
    const { socket } = await hub.nth(0);
    socket.resume();
    socket.send(Buffer.from('a'));
    await firstDelivery(reader);
    for (let passed = 0; passed < IDLE_LIMIT_MS + PING_INTERVAL_MS; passed += PING_INTERVAL_MS) {
      expect(reader.stream.errored).toBe(null);
      clock.advance(PING_INTERVAL_MS);
    }
    await expect(all).rejects.toMatchObject({ code: 'connection_lost' });
    await expect(all).rejects.toThrow(`nothing came from ${hub.address}/ws/channels/c1 for 60000 ms`);
    expect(clock.pending).toBe(0);
  });

  it('keeps an idle end whose peer answers', async () => {
    const hub = await startHub({ relays: false });
    const clock = new ManualClock();
    const writer = writerTo(hub, { clock });
    writer.sendMessage('a');
    const { socket } = await hub.nth(0);
    expect(await firstMessage(socket)).toBe('ma');
    for (let i = 0; i < 6; i++) {
      const before = tcpOf(socket).bytesWritten;
      const pinged = once(socket, 'ping');
      clock.advance(PING_INTERVAL_MS);
      await pinged;
      // A round trip after the pong, the end has seen the pong.
      expect(tcpOf(socket).bytesWritten).toBeGreaterThan(before);
      const answered = once(socket, 'pong');
      socket.ping();
      await answered;
    }
    writer.close();
    expect(await closeOf(socket)).toBe('1000 channel_close');
    expect(await failureOf(writer.stream)).toBe(null);
    expect(clock.pending).toBe(0);
  });

  it('does not expect an answer where no credit was agreed', async () => {
    const hub = await startHub({ credit: false, autoPong: false, relays: false });
    const clock = new ManualClock();
    const reader = readerFrom(hub, { clock });
    const all = reader.readAll();
    const { socket } = await hub.nth(0);
    socket.resume();
    socket.send(Buffer.from('a'));
    await firstDelivery(reader);
    clock.advance(10 * IDLE_LIMIT_MS);
    socket.send(Buffer.from('b'));
    socket.close();
    expect(String(await all)).toBe('ab');
  });
});

describe('closing', () => {
  it('fails a writer whose end is not confirmed in time', async () => {
    const hub = await startHub({ relays: false });
    const writer = writerTo(hub, { closeTimeoutMs: 20 });
    writer.close();
    await hub.nth(0);
    expect(await failureOf(writer.stream)).toMatchObject({ code: 'connection_lost' });
    expect(writer.stream.errored?.message).toContain('did not confirm the end (it has 20 ms)');
  });

  it('cuts off the connection of a reader that left, when that is not confirmed in time', async () => {
    const hub = await startHub({ relays: false });
    const reader = readerFrom(hub, { closeTimeoutMs: 20 });
    reader.close();
    const { socket } = await hub.nth(0);
    // The frame was read, and is not answered.
    const tcp = tcpOf(socket).removeAllListeners('data');
    const ended = once(tcp, 'end');
    tcp.resume();
    await ended;
    expect(await reader.readAll()).toEqual(Buffer.alloc(0));
  });

  it('shortens a long reason to what a close frame can carry', async () => {
    const hub = await startHub({ relays: false });
    const writer = writerTo(hub);
    writer.stream.on('error', () => {});
    writer.stream.destroy(new Error('ä'.repeat(100)));
    expect(await closeOf((await hub.nth(0)).socket)).toBe(`1011 ${'ä'.repeat(61)}`);
  });

  it('leaves no socket behind', async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
    const hub = await startHub();
    const writer = writerTo(hub);
    writer.stream.end('a');
    const reader = readerFrom(hub);
    expect(String(await reader.readAll())).toBe('a');
    await Promise.all([failureOf(writer.stream), failureOf(reader.stream)]);
    await vi.waitFor(() => expect(sockets()).toBe(0));
  });
});

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
  const bound = server.address();
  return `ws://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
}

/** Resolves when the first chunk was taken, without taking it from who reads. */
async function firstDelivery(reader: ChannelReader): Promise<void> {
  await new Promise<void>((resolve) => reader.stream.once('readable', resolve));
}

/** Resolves when a figure has not changed for a while. */
async function standstill(figure: () => number): Promise<void> {
  let last = Number.NaN;
  for (let same = 0; same < 5; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    same = figure() === last ? same + 1 : 0;
    last = figure();
  }
}
