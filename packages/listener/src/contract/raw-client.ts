import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { Listener } from '../types.js';
import { type Frame, parseServerFrame } from './frames.js';
import { type ParsedResponse, parseResponse } from './responses.js';

/** A key every handshake may use. */
export const HANDSHAKE_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

/** A TCP connection that sends exact bytes and sees exact bytes. Closed when the test is over. */
export class RawClient {
  readonly tcp: Socket;
  /** Settles when the connection is over, however it ended. */
  readonly gone: Promise<void>;
  #received: Buffer = Buffer.alloc(0);
  #total = 0;
  #wake: () => void = () => {};
  #over = false;

  private constructor(tcp: Socket) {
    this.tcp = tcp;
    this.gone = new Promise((resolve) => {
      tcp.once('close', () => {
        this.#over = true;
        this.#wake();
        resolve();
      });
    });
    // A reset is one of the ways a connection ends; tests look at the outcome, not at the errno.
    tcp.on('error', () => {});
    tcp.on('data', (chunk) => {
      this.#total += chunk.length;
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    onTestFinished(() => {
      tcp.destroy();
    });
  }

  static async connect({ port }: Pick<Listener, 'port'>, host = '127.0.0.1'): Promise<RawClient> {
    const tcp = connect({ port, host, noDelay: true });
    await once(tcp, 'connect');
    return new RawClient(tcp);
  }

  /** Completes a WebSocket handshake; frames that came with the answer stay unread. */
  static async upgrade(
    listener: Pick<Listener, 'port'>,
    path = '/',
    headers: string[] = [],
  ): Promise<RawClient> {
    const client = await RawClient.connect(listener);
    client.send(handshake(path, headers));
    const head = await client.#take((data) => {
      const end = data.indexOf('\r\n\r\n');
      return end === -1 ? undefined : { value: data.toString('latin1', 0, end), length: end + 4 };
    });
    if (!head?.startsWith('HTTP/1.1 101 ')) throw new Error(`no upgrade: ${head}`);
    return client;
  }

  send(...parts: Array<string | Uint8Array>): void {
    for (const part of parts) this.tcp.write(part);
  }

  /** Received and not taken yet. */
  get pending(): Buffer {
    return this.#received;
  }

  /** Everything received since the beginning, in bytes. */
  get receivedBytes(): number {
    return this.#total;
  }

  async response(method = 'GET'): Promise<ParsedResponse> {
    const response = await this.#take((data, over) => parseResponse(data, method, over));
    if (response === undefined) {
      throw new Error(
        `connection ended without a response, after ${JSON.stringify(this.#received.toString('latin1'))}`,
      );
    }
    return response;
  }

  async frame(): Promise<Frame> {
    const frame = await this.#take((data) => {
      const parsed = parseServerFrame(data);
      return parsed && { value: parsed.frame, length: parsed.length };
    });
    if (frame === undefined) throw new Error('connection ended without a frame');
    return frame;
  }

  /** Resolves once the condition holds or the connection is over. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition() && !this.#over) await this.#change();
  }

  /** Bytes the kernel has taken off our hands so far, once that number stands still. */
  async acceptedBytes(): Promise<number> {
    const count = () => this.tcp.bytesWritten - this.tcp.writableLength;
    let accepted = count();
    for (let quiet = 0; quiet < 10; ) {
      await delay(20);
      if (count() === accepted) quiet++;
      else quiet = 0;
      accepted = count();
    }
    return accepted;
  }

  async #take<T>(
    parse: (data: Buffer, over: boolean) => { value: T; length: number } | undefined,
  ): Promise<T | undefined> {
    for (;;) {
      const parsed = parse(this.#received, this.#over);
      if (parsed !== undefined) {
        this.#received = this.#received.subarray(parsed.length);
        return parsed.value;
      }
      if (this.#over) return undefined;
      await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const earlier = this.#wake;
      this.#wake = () => {
        earlier();
        resolve();
      };
    });
  }
}

/** An upgrade request, sound unless a header given here spoils it. */
export function handshake(path: string, headers: string[] = []): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${HANDSHAKE_KEY}`,
    ...headers,
    '\r\n',
  ].join('\r\n');
}
