import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { PART_BYTES, rawFromText, readPart } from 'iii-protocol';
import { ManualClock } from 'iii-protocol/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IIIConnectionState } from '../runtime.js';
import { ScriptedEngine } from '../test-support.js';
import { backoffDelay, DEFAULT_RECONNECTION, reconnectionConfig } from './backoff.js';
import { RawValue } from './raw-value.js';
import { WebSocketLink, type WebSocketLinkOptions } from './websocket-link.js';

/** Records what a link tells, and lets the test wait for it. */
class Recorder {
  readonly states: IIIConnectionState[] = [];
  readonly messages: unknown[] = [];
  readonly problems: string[] = [];
  readonly downs: string[] = [];
  readonly retries: number[] = [];
  ups = 0;
  #waiting: Array<() => void> = [];

  readonly events = {
    up: () => this.#note(() => this.ups++),
    message: (message: unknown) => this.#note(() => this.messages.push(message)),
    down: (reason: string) => this.#note(() => this.downs.push(reason)),
    state: (state: IIIConnectionState) => this.#note(() => this.states.push(state)),
    retrying: (delay: number) => this.#note(() => this.retries.push(delay)),
    problem: (message: string) => this.#note(() => this.problems.push(message)),
  };

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #note(change: () => void): void {
    change();
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

const QUICK = { initialDelayMs: 1, maxDelayMs: 5 };

/** Answers the handshake, and hands on the bytes that come after. */
function accept(socket: net.Socket, received: (bytes: Buffer) => void = () => {}): void {
  socket.once('data', (request) => {
    const key = /sec-websocket-key: (.*)\r/i.exec(String(request))?.[1] ?? '';
    const proof = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${proof}\r\n\r\n`,
    );
    socket.on('data', received);
  });
}

/** First byte and length of each whole frame, which are under 126 bytes or over 64 KiB. */
function framesOf(bytes: Buffer): Array<[first: number, length: number]> {
  const frames: Array<[number, number]> = [];
  for (let at = 0; at + 6 <= bytes.length; ) {
    const [first = 0, second = 0] = bytes.subarray(at);
    const isLong = (second & 0x7f) === 127;
    const head = isLong ? 14 : 6;
    if (at + head > bytes.length) break;
    const length = isLong ? Number(bytes.readBigUInt64BE(at + 2)) : second & 0x7f;
    if (at + head + length > bytes.length) break;
    frames.push([first, length]);
    at += head + length;
  }
  return frames;
}

describe('a WebSocket link', () => {
  let engine: ScriptedEngine;
  const links: WebSocketLink[] = [];

  beforeEach(async () => {
    engine = await ScriptedEngine.start({ autoPong: false });
  });

  afterEach(async () => {
    for (const link of links.splice(0)) await link.close();
    await engine.stop();
  });

  function open(options: WebSocketLinkOptions = {}, address = engine.url) {
    const link = new WebSocketLink(address, { reconnection: QUICK, ...options });
    links.push(link);
    const recorder = new Recorder();
    link.open(recorder.events);
    return { link, recorder };
  }

  const send = (link: WebSocketLink, message: object) => link.send(link.prepare(message as never));

  it('connects to the address with its path, query and headers', async () => {
    const { recorder } = open({ headers: { 'x-token': 't' } }, `${engine.url}/path?token=x`);
    const connection = await engine.connection(0);
    await recorder.until(() => recorder.ups === 1);
    expect(connection.url).toBe('/path?token=x');
    expect(connection.headers['x-token']).toBe('t');
    expect(recorder.states).toEqual(['connecting', 'connected']);
  });

  it('carries messages both ways, text and binary alike', async () => {
    const { link, recorder } = open();
    const connection = await engine.connection(0);
    await recorder.until(() => recorder.ups === 1);
    expect(send(link, { type: 'ping', é: '😀' })).toBe(true);
    expect(await connection.frame(() => true)).toEqual({ type: 'ping', é: '😀' });
    connection.send('{"type":"pong","n":1}');
    connection.socket.send(Buffer.from('{"type":"pong","n":2}'));
    await recorder.until(() => recorder.messages.length === 2);
    expect(recorder.messages).toEqual([
      { type: 'pong', n: 1 },
      { type: 'pong', n: 2 },
    ]);
  });

  it('sends a payload that is text already as it is spelled', async () => {
    const { link, recorder } = open();
    const connection = await engine.connection(0);
    await recorder.until(() => recorder.ups === 1);
    const text = '{"n": 12345678901234567890, "f":1.0}';
    send(link, { type: 'invokefunction', function_id: 'f', data: new RawValue(rawFromText(text)) });
    const [sent] = (await once(connection.socket, 'message')) as [Buffer];
    expect(String(sent)).toBe(`{"type":"invokefunction","function_id":"f","data":${text}}`);
  });

  it('sends a long message whole, whatever its characters take', async () => {
    const { link, recorder } = open();
    const connection = await engine.connection(0);
    await recorder.until(() => recorder.ups === 1);
    const long = `x${'é😀'.repeat(400_000)}`;
    send(link, { type: 'ping', long });
    send(link, { type: 'ping', short: 1 });
    expect(await connection.frame(({ short }) => short === 1)).toEqual({ type: 'ping', short: 1 });
    expect(connection.frames).toEqual([
      { type: 'ping', long },
      { type: 'ping', short: 1 },
    ]);
  });

  it('sends a long message as fragments of 128 KiB', async () => {
    let bytes = Buffer.alloc(0);
    let heard = () => {};
    const server = net.createServer((socket) =>
      accept(socket, (more) => {
        bytes = Buffer.concat([bytes, more]);
        heard();
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { link, recorder } = open({}, `ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
    await recorder.until(() => recorder.ups === 1);
    const whole = 1024 * 1024;
    const lengthOf = (text: string) => JSON.stringify({ type: 'ping', text }).length;
    send(link, { type: 'ping', text: 'x'.repeat(whole - lengthOf('')) });
    send(link, { type: 'ping', text: 'x'.repeat(whole + 1 - lengthOf('')) });
    while (framesOf(bytes).length < 10) await new Promise<void>((resolve) => (heard = resolve));
    expect(framesOf(bytes)).toEqual([
      [0x81, whole],
      [0x01, PART_BYTES],
      ...Array.from({ length: 7 }, () => [0x00, PART_BYTES]),
      [0x80, 1],
    ]);
    link.abandon();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  it('sends a long message in parts where the engine takes them, on that connection only', async () => {
    const { link, recorder } = open();
    const text = 'é'.repeat(1024 * 1024);
    const message = { type: 'ping', text };
    for (const n of [0, 1]) {
      const connection = await engine.connection(n);
      const got: Array<{ readonly data: Buffer; readonly isBinary: boolean }> = [];
      connection.socket.removeAllListeners('message');
      const last = new Promise<void>((resolve) => {
        connection.socket.on('message', (data: Buffer, isBinary: boolean) => {
          if (data.toString() === '{"type":"ping"}') resolve();
          else got.push({ data, isBinary });
        });
      });
      await recorder.until(() => recorder.ups === n + 1);
      if (n === 0) link.agreed(['cancel', 'parts']);
      send(link, message);
      send(link, { type: 'ping' });
      await last;
      expect(got.every(({ isBinary }) => isBinary === (n === 0))).toBe(true);
      const whole = Buffer.concat(got.map(({ data }) => Buffer.from(readPart(data)?.bytes ?? data)));
      expect(JSON.parse(whole.toString())).toEqual(message);
      expect(got.length).toBe(n === 0 ? Math.ceil(whole.length / PART_BYTES) : 1);
      connection.socket.terminate();
    }
  });

  it('sends a message with a long list whole, in parts or not', async () => {
    const { link, recorder } = open();
    const connection = await engine.connection(0);
    await recorder.until(() => recorder.ups === 1);
    const items = Array.from({ length: 40_000 }, (_, id) => ({ id, name: `näme ${id}`, price: id / 2 }));
    const calls = [items.slice(0, 2_000), items].map((data) => ({
      type: 'invokefunction',
      function_id: 'f',
      data,
    }));
    for (const call of calls) send(link, call);
    send(link, { type: 'ping' });
    await connection.frame(({ type }) => type === 'ping');
    expect(connection.frames).toEqual([...calls, { type: 'ping' }]);
    connection.socket.removeAllListeners('message');
    link.agreed(['parts', 'batch']);
    const parts: Buffer[] = [];
    const short = new Promise<Buffer>((resolve) => {
      connection.socket.on('message', (data: Buffer, isBinary: boolean) => {
        if (isBinary) parts.push(Buffer.from(readPart(data)?.bytes ?? []));
        else resolve(data);
      });
    });
    for (const call of [...calls].reverse()) send(link, call);
    expect(JSON.parse(String(await short))).toEqual(calls[0]);
    expect(JSON.parse(Buffer.concat(parts).toString())).toEqual(calls[1]);
  });

  it('reads a long message after the library is done with it, and what comes behind it after that', async () => {
    const { recorder } = open();
    const connection = await engine.connection(0);
    const long = 'é'.repeat(2 * 1024 * 1024);
    connection.send(JSON.stringify({ type: 'pong', n: 1 }));
    connection.send(JSON.stringify({ type: 'pong', long }));
    connection.send(JSON.stringify({ type: 'pong', n: 2 }));
    await recorder.until(() => recorder.messages.length === 3);
    expect(recorder.messages).toEqual([
      { type: 'pong', n: 1 },
      { type: 'pong', long },
      { type: 'pong', n: 2 },
    ]);
  });

  it('has read a long message before it tells that the connection is lost', async () => {
    // The turn in which it would be read does not come.
    const { recorder } = open({ defer: () => {} });
    const connection = await engine.connection(0);
    const told: string[] = [];
    const { message, down } = recorder.events;
    recorder.events.message = (what) => {
      told.push('message');
      message(what);
    };
    recorder.events.down = (reason) => {
      told.push('down');
      down(reason);
    };
    connection.send(JSON.stringify({ type: 'pong', long: 'x'.repeat(2 * 1024 * 1024) }));
    connection.socket.close();
    await recorder.until(() => recorder.downs.length === 1);
    expect(told).toEqual(['message', 'down']);
  });

  it('makes no other connection when what it has read last ends it for good', async () => {
    const { link, recorder } = open({ defer: () => {} });
    const connection = await engine.connection(0);
    recorder.events.message = () => link.abandon();
    connection.send(JSON.stringify({ type: 'pong', long: 'x'.repeat(2 * 1024 * 1024) }));
    connection.socket.close();
    await recorder.until(() => recorder.states.at(-1) === 'failed');
    await link.close();
    expect(recorder.downs).toEqual([]);
    expect(engine.connections).toHaveLength(1);
  });

  it('sends short messages of one go as one where the engine takes that, on that connection only', async () => {
    const { link, recorder } = open();
    const numbers = Array.from({ length: 20 }, (_, n) => ({ type: 'ping', n, text: 'é' }));
    const long = { type: 'ping', text: 'x'.repeat(10_000) };
    for (const n of [0, 1]) {
      const connection = await engine.connection(n);
      const lengths: number[] = [];
      connection.socket.on('message', (data: Buffer) => lengths.push(data.length));
      await recorder.until(() => recorder.ups === n + 1);
      if (n === 0) link.agreed(['batch']);
      for (const message of numbers) send(link, message);
      send(link, long);
      send(link, { type: 'ping', last: true });
      await connection.frame(({ last }) => last === true);
      expect(connection.frames).toEqual([...numbers, long, { type: 'ping', last: true }]);
      // Sixteen, four, the long one and the last one.
      expect(lengths).toHaveLength(n === 0 ? 4 : 22);
      connection.socket.terminate();
    }
  });

  it('sends what it was given before it is closed, also what leaves as one', async () => {
    const { link, recorder } = open();
    const connection = await engine.connection(0);
    await recorder.until(() => recorder.ups === 1);
    link.agreed(['batch']);
    for (const n of [1, 2, 3]) send(link, { type: 'ping', n });
    await Promise.all([link.close(), connection.closed()]);
    expect(connection.frames.map(({ n }) => n)).toEqual([1, 2, 3]);
    expect(recorder.problems).toEqual([]);
  });

  it('reads several messages in one where that was agreed, and reports what is broken of them', async () => {
    const { link, recorder } = open();
    const connection = await engine.connection(0);
    await recorder.until(() => recorder.ups === 1);
    const batch = '#001b{"type":"pong","text":"é"}0005{"no"0010{"type":"pong" }';
    connection.send(batch);
    await recorder.until(() => recorder.problems.length === 1);
    link.agreed(['batch']);
    connection.send(batch);
    connection.send('#000f{"type":"pong"}00');
    await recorder.until(() => recorder.messages.length === 3);
    await recorder.until(() => recorder.problems.length === 3);
    expect(recorder.messages).toEqual([{ type: 'pong', text: 'é' }, { type: 'pong' }, { type: 'pong' }]);
    expect(new Set(recorder.problems)).toEqual(new Set(['Failed to parse incoming message']));
  });

  it('reads no further in several messages when one of them ends the connection', async () => {
    const { link, recorder } = open();
    const connection = await engine.connection(0);
    await recorder.until(() => recorder.ups === 1);
    link.agreed(['batch']);
    recorder.events.message = (message) => {
      recorder.messages.push(message);
      link.abandon();
    };
    connection.send('#000f{"type":"pong"}000f{"type":"pong"}');
    await connection.closed();
    expect(recorder.messages).toEqual([{ type: 'pong' }]);
  });

  it('does not read what has come once it is closed', async () => {
    const deferred: Array<() => void> = [];
    const { link, recorder } = open({ defer: (work) => deferred.push(work) });
    const connection = await engine.connection(0);
    connection.send(JSON.stringify({ type: 'pong', long: 'x'.repeat(2 * 1024 * 1024) }));
    connection.socket.ping();
    // What was sent before the ping has come.
    await once(connection.socket, 'pong');
    await link.close();
    expect(deferred).toHaveLength(1);
    for (const work of deferred) work();
    expect(recorder.messages).toEqual([]);
  });

  it('sends nothing before it is open', () => {
    const { link } = open();
    expect(send(link, { type: 'ping' })).toBe(false);
  });

  it('reports what is not JSON and ignores what is no object, and lives on', async () => {
    const { recorder } = open();
    const connection = await engine.connection(0);
    for (const text of ['{', '[]', '5', 'null', '{"no":"type"}', '{"type":"pong"}']) connection.send(text);
    await recorder.until(() => recorder.messages.length === 1);
    expect(recorder.problems).toEqual(['Failed to parse incoming message']);
  });

  it('connects again when the connection is lost, whatever the reason', async () => {
    const { recorder } = open();
    for (const [n, end] of [
      (socket: { close(code: number): void }) => socket.close(1008),
      (socket: { terminate(): void }) => socket.terminate(),
      (socket: { close(): void }) => socket.close(),
    ].entries()) {
      const connection = await engine.connection(n);
      await recorder.until(() => recorder.ups === n + 1);
      end(connection.socket);
      await recorder.until(() => recorder.downs.length === n + 1);
    }
    await recorder.until(() => recorder.ups === 4);
    expect(recorder.downs.map((reason) => /\((\d+)\)$/.exec(reason)?.[1])).toEqual(['1008', '1006', '1005']);
    expect(recorder.states.slice(0, 6)).toEqual([
      'connecting',
      'connected',
      'disconnected',
      'reconnecting',
      'connecting',
      'connected',
    ]);
  });

  it('waits longer from attempt to attempt, and starts over once a connection has stood for a while', async () => {
    const clock = new ManualClock();
    const { recorder } = open({
      clock,
      random: () => 0.5,
      reconnection: { initialDelayMs: 100, maxDelayMs: 350 },
    });
    for (let n = 0; n < 4; n++) {
      const connection = await engine.connection(n);
      await recorder.until(() => recorder.ups === n + 1);
      connection.socket.terminate();
      await recorder.until(() => recorder.retries.length === n + 1);
      clock.advance(recorder.retries[n] ?? 0);
    }
    expect(recorder.retries).toEqual([100, 200, 350, 350]);
    const connection = await engine.connection(4);
    await recorder.until(() => recorder.ups === 5);
    clock.advance(5_000);
    connection.socket.terminate();
    await recorder.until(() => recorder.retries.length === 5);
    expect(recorder.retries[4]).toBe(100);
  });

  it('gives up after as many attempts as it may make', async () => {
    const { port } = engine;
    await engine.stop();
    const { link, recorder } = open({ reconnection: { ...QUICK, maxRetries: 2 } }, `ws://127.0.0.1:${port}`);
    await recorder.until(() => recorder.states.at(-1) === 'failed');
    expect(recorder.states.filter((state) => state === 'connecting')).toHaveLength(3);
    expect(recorder.problems.at(-1)).toBe('Max reconnection retries (2) reached, giving up');
    expect(send(link, { type: 'ping' })).toBe(false);
    engine = await ScriptedEngine.start();
  });

  it('pings every 20 s, and drops a connection on which nothing was heard for exactly 60 s', async () => {
    const clock = new ManualClock();
    const { recorder } = open({ clock });
    const { socket } = await engine.connection(0);
    await recorder.until(() => recorder.ups === 1);
    for (let n = 0; n < 2; n++) {
      const pinged = once(socket, 'ping');
      clock.advance(20_000);
      await pinged;
    }
    clock.advance(19_999);
    expect(recorder.downs).toEqual([]);
    clock.advance(1);
    await recorder.until(() => recorder.downs.length === 1);
    expect(recorder.problems[0]).toContain('No inbound data for 60000ms');
  });

  it.each(['message', 'ping', 'pong'] as const)('is kept alive by a %s', async (kind) => {
    const clock = new ManualClock();
    const { recorder } = open({ clock });
    const { socket } = await engine.connection(0);
    await recorder.until(() => recorder.ups === 1);
    clock.advance(59_000);
    if (kind === 'message') socket.send('{"type":"x"}');
    else socket[kind]();
    // Frames arrive in order: when the marker is here, what went before it is too.
    socket.send('{"type":"marker"}');
    await recorder.until(() => recorder.messages.some((m) => (m as { type: string }).type === 'marker'));
    clock.advance(59_999);
    expect(recorder.downs).toEqual([]);
  });

  it('says goodbye, and makes no other connection', async () => {
    const { link, recorder } = open();
    const connection = await engine.connection(0);
    await recorder.until(() => recorder.ups === 1);
    const [code] = await Promise.all([connection.closed(), link.close()]);
    expect(code).toBe(1005);
    expect(recorder.states.at(-1)).toBe('disconnected');
    expect(recorder.downs).toEqual([]);
    await link.close();
    expect(engine.connections).toHaveLength(1);
  });

  it('can be closed before it is open', async () => {
    const { link, recorder } = open();
    await link.close();
    expect(recorder.ups).toBe(0);
    expect(recorder.problems).toEqual([]);
  });

  it('does not wait for ever for a peer that does not answer its goodbye', async () => {
    const silent = net.createServer((socket) => accept(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as net.AddressInfo;
    const clock = new ManualClock();
    const { link, recorder } = open({ clock }, `ws://127.0.0.1:${port}`);
    await recorder.until(() => recorder.ups === 1);
    const closing = link.close();
    clock.advance(1_000);
    await closing;
    await new Promise<void>((resolve) => silent.close(() => resolve()));
  });

  it('can be abandoned: the connection is cut and the state is failed', async () => {
    const { link, recorder } = open();
    const connection = await engine.connection(0);
    await recorder.until(() => recorder.ups === 1);
    const closed = connection.closed();
    link.abandon();
    expect(await closed).toBe(1006);
    expect(recorder.states.at(-1)).toBe('failed');
  });

  it('refuses an address that is none', () => {
    expect(() => new WebSocketLink('nonsense').open(new Recorder().events)).toThrow(SyntaxError);
  });
});

describe('the delay before an attempt', () => {
  it('grows to its limit, and is random around that', () => {
    const delay = (n: number, random: number) => backoffDelay(DEFAULT_RECONNECTION, n, random);
    expect([0, 1, 2, 3, 4, 5, 20].map((n) => delay(n, 0.5))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
    expect([delay(0, 0), delay(0, 1), delay(9, 0), delay(9, 1)]).toEqual([700, 1_300, 21_000, 39_000]);
  });

  it('is never negative and never a fraction', () => {
    expect(backoffDelay({ ...DEFAULT_RECONNECTION, jitterFactor: 2 }, 0, 0)).toBe(0);
    expect(Number.isInteger(backoffDelay(DEFAULT_RECONNECTION, 0, 0.123))).toBe(true);
  });

  it('takes defaults for what is undefined', () => {
    expect(reconnectionConfig({ initialDelayMs: 5, maxRetries: undefined } as never)).toEqual({
      ...DEFAULT_RECONNECTION,
      initialDelayMs: 5,
    });
  });
});
