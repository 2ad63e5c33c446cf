import { EventEmitter, once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { CLOSE, CREDIT_PROTOCOL, isCleanClose, TEXT_ITEM } from '../wire.js';
import type { ChannelRef, Connect, Transport, TransportEvents } from './transport.js';

export function refTo(direction: 'read' | 'write'): ChannelRef {
  return { channel_id: 'c1', access_key: 'k1', direction };
}

/** A connection in memory of which the test is the other side. */
export class FakeTransport implements Transport {
  hasCredit = true;
  /** What was sent, text as strings. */
  readonly sent: Array<string | Buffer> = [];
  /** Calls of interest, in order. */
  readonly calls: string[] = [];
  /** Whether what is sent leaves at once, or with {@link leave}. */
  isStuck = false;
  readonly #waiting: Array<(error?: Error) => void> = [];

  constructor(readonly events: TransportEvents) {}

  sendText(text: string, sent?: (error?: Error) => void): void {
    this.#send(text, sent);
  }

  sendBinary(data: Uint8Array, sent?: (error?: Error) => void): void {
    this.#send(Buffer.from(data), sent);
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }

  close(code: number, reason: string): void {
    this.calls.push(`close ${code} ${reason}`);
  }

  terminate(): void {
    this.calls.push('terminate');
  }

  text(text: string): void {
    this.events.message(Buffer.from(this.hasCredit ? `${TEXT_ITEM}${text}` : text), false);
  }

  binary(data: string | Uint8Array): void {
    this.events.message(Buffer.from(data), true);
  }

  leave(): void {
    for (const sent of this.#waiting.splice(0)) sent();
  }

  #send(data: string | Buffer, sent?: (error?: Error) => void): void {
    this.sent.push(data);
    if (sent === undefined) return;
    if (this.isStuck) this.#waiting.push(sent);
    else process.nextTick(sent);
  }
}

/** Makes connections of which the test is the other side. */
export function fakeConnect(): { connect: Connect; made: FakeTransport[]; open(): FakeTransport } {
  const made: FakeTransport[] = [];
  return {
    made,
    connect: (_ref, _direction, events) => {
      const transport = new FakeTransport(events);
      made.push(transport);
      return transport;
    },
    /** Opens the one that was made last. */
    open: () => {
      const transport = made.at(-1);
      if (transport === undefined) throw new Error('nothing has connected');
      transport.events.opened();
      return transport;
    },
  };
}

export interface FakeHubOptions {
  /** Knows our sub-protocol; otherwise it ignores it, as the official engine does. Default true. */
  readonly credit?: boolean;
  /** Answers with this sub-protocol instead. */
  readonly answersWith?: string;
  /** Answers pings. Default true. */
  readonly autoPong?: boolean;
  /** Passes on between a writer and a reader; otherwise the test does what is to be done. Default true. */
  readonly relays?: boolean;
}

/** One attached socket. */
export interface Attached {
  readonly socket: WebSocket;
  readonly url: URL;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** Bytes that may wait for a reader without credit before the writer is paused. */
const RELAY_LIMIT = 256 * 1024;

/**
 * A server with one channel. It passes on every message as it is, grants too: they count the same on both sides.
 */
export class FakeHub {
  readonly attached: Attached[] = [];
  /** The largest number of bytes that waited for the reader. */
  mostWaiting = 0;
  readonly #events = new EventEmitter();

  private constructor(
    private readonly http: Server,
    private readonly webSockets: WebSocketServer,
  ) {}

  static async start(options: FakeHubOptions = {}): Promise<FakeHub> {
    const { credit = true, autoPong = true, relays = true, answersWith = CREDIT_PROTOCOL } = options;
    const http = createServer();
    const webSockets = new WebSocketServer({
      server: http,
      autoPong,
      handleProtocols: (offered) => (credit && offered.has(CREDIT_PROTOCOL) ? answersWith : false),
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const hub = new FakeHub(http, webSockets);
    webSockets.on('connection', (socket, request) => {
      socket.on('error', () => {});
      // Until it is dealt with, nothing it says may be missed.
      socket.pause();
      const url = new URL(request.url ?? '', hub.address);
      hub.attached.push({ socket, url, headers: request.headers });
      hub.#events.emit('attached');
      if (relays && hub.attached.length === 2) hub.#relay();
    });
    return hub;
  }

  get address(): string {
    return `ws://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  /** The nth socket, from 0, once it has attached. */
  async nth(n: number): Promise<Attached> {
    for (;;) {
      const found = this.attached[n];
      if (found !== undefined) return found;
      await once(this.#events, 'attached');
    }
  }

  async close(): Promise<void> {
    for (const { socket } of this.attached) socket.terminate();
    this.webSockets.close();
    this.http.closeAllConnections();
    const closed = once(this.http, 'close');
    this.http.close();
    await closed;
  }

  #relay(): void {
    const [writer, reader] = ['write', 'read'].map(
      (dir) => this.attached.find(({ url }) => url.searchParams.get('dir') === dir)?.socket,
    );
    if (writer === undefined || reader === undefined) return;
    writer.on('message', (data: Buffer, isBinary) => {
      if (reader.readyState !== reader.OPEN) return;
      reader.send(data, { binary: isBinary }, () => {
        if (reader.bufferedAmount < RELAY_LIMIT) writer.resume();
      });
      this.mostWaiting = Math.max(this.mostWaiting, reader.bufferedAmount);
      if (reader.bufferedAmount >= RELAY_LIMIT && reader.protocol === '') writer.pause();
    });
    reader.on('message', (data: Buffer, isBinary) => writer.send(data, { binary: isBinary }));
    writer.on('close', (code, reason) => {
      if (isCleanClose(code)) reader.close(CLOSE.normal);
      else reader.close(CLOSE.failed, code === 1006 ? 'writer aborted' : reason);
    });
    reader.on('close', (code) => {
      if (isCleanClose(code)) writer.close(CLOSE.normal);
      else writer.close(CLOSE.readerDone, 'reader done');
      writer.resume();
    });
    writer.resume();
    reader.resume();
  }
}

/** Resolves with the first message, text as a string, of a socket of the hub. */
export async function firstMessage(socket: WebSocket): Promise<string | Buffer> {
  const message = once(socket, 'message') as Promise<[Buffer, boolean]>;
  socket.resume();
  const [data, isBinary] = await message;
  return isBinary ? data : data.toString();
}

/** How a socket of the hub was closed from afar. */
export async function closeOf(socket: WebSocket): Promise<string> {
  const closed = once(socket, 'close') as Promise<[number, Buffer]>;
  socket.resume();
  const [code, reason] = await closed;
  return `${code} ${reason.toString()}`;
}

/** The TCP socket below a socket of the hub, for what no well-behaved peer does. */
export function tcpOf(socket: WebSocket): Socket {
  return Reflect.get(socket, '_socket') as Socket;
}

/** What a stream fails with, or null when it does not, once it is closed. */
export async function failureOf(stream: Readable | Writable): Promise<Error | null> {
  if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
  return stream.errored;
}

/** Lets everything run that is ready to. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Resolves once the process warns with an error of this code. */
export function warningOf(code: string): Promise<void> {
  return new Promise((resolve) => {
    const heard = (warning: Error) => {
      if (Reflect.get(warning, 'code') !== code) return;
      process.off('warning', heard);
      resolve();
    };
    process.on('warning', heard);
  });
}
