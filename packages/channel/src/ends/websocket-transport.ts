import type { IncomingMessage } from 'node:http';
import { type Clock, systemClock } from 'iii-protocol';
import { type RawData, WebSocket } from 'ws';
import { CREDIT_PROTOCOL } from '../wire.js';
import { channelUrl, printableUrl } from './channel-url.js';
import { fitReason } from './close-reason.js';
import { ChannelClosedError, type ChannelErrorCode } from './errors.js';
import { IDLE_LIMIT_MS, Liveness, PING_INTERVAL_MS } from './liveness.js';
import { maskOptions } from './masks.js';
import { refusedTransport } from './refused-transport.js';
import type { Connect, Transport, TransportEvents } from './transport.js';

/** A writer that has ended waits for what is under way; of a reader that leaves, nobody expects anything. */
const CLOSE_TIMEOUT_MS = { read: 5_000, write: 60_000 } as const;

export interface ConnectWebSocketOptions {
  /** Sent with the upgrade request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds until the engine must have answered. Default 10 000. */
  readonly handshakeTimeoutMs?: number;
  /** Milliseconds until the engine must have confirmed an end. Default 5 000 for readers, 60 000 for writers. */
  readonly closeTimeoutMs?: number;
  readonly clock?: Clock;
}

/**
 * Connects ends over WebSockets of their own (sdk-node.md §11.1).
 *
 * @param address base URL of the engine, with or without a path and a query, which are kept.
 */
export function connectWebSocket(address: string, options: ConnectWebSocketOptions = {}): Connect {
  return (ref, direction, events) => {
    try {
      const closeTimeoutMs = options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS[direction];
      return new WebSocketTransport(
        channelUrl(address, ref, direction),
        { ...options, closeTimeoutMs },
        events,
      );
    } catch (cause) {
      // The query may hold a token, so it is not repeated.
      const shown = address.replace(/[?#].*$/s, '');
      const error = new ChannelClosedError('invalid_address', `cannot connect to "${shown}"`, { cause });
      return refusedTransport(events, error);
    }
  };
}

const ignore = () => {};

class WebSocketTransport implements Transport {
  hasCredit = false;
  readonly #socket: WebSocket;
  readonly #where: string;
  /** The code of our own goodbye. */
  #goodbye: number | undefined;
  /** The first thing that went wrong; what follows is its consequence. */
  #failure: ChannelClosedError | undefined;
  #liveness: Liveness | undefined;

  constructor(
    url: URL,
    options: ConnectWebSocketOptions & { readonly closeTimeoutMs: number },
    events: TransportEvents,
  ) {
    const { headers = {}, handshakeTimeoutMs: handshakeTimeout = 10_000, closeTimeoutMs } = options;
    // Not a literal in the call, because the types of `ws` do not know `closeTimeout` yet.
    const clientOptions = {
      headers,
      handshakeTimeout,
      closeTimeout: closeTimeoutMs,
      perMessageDeflate: false,
      ...maskOptions(url),
    };
    let failureNow: ChannelErrorCode = 'connect_failed';
    this.#where = printableUrl(url);
    this.#socket = new WebSocket(url, CREDIT_PROTOCOL, clientOptions);
    this.#socket.on('upgrade', (response) => this.#upgraded(response, options.clock ?? systemClock));
    this.#socket.on('unexpected-response', (_request, response) => this.#refused(response));
    this.#socket.on('open', () => {
      failureNow = 'connection_lost';
      events.opened();
    });
    this.#socket.on('message', (data, isBinary) => events.message(bytesOf(data), isBinary));
    this.#socket.on('error', (cause) => this.#fail(failureNow, `${this.#where}: ${cause.message}`, cause));
    this.#socket.on('close', (code, reason) => {
      this.#liveness?.stop();
      events.closed(this.#codeOf(code, closeTimeoutMs), reason.toString('utf8'), this.#failure);
    });
  }

  sendText(text: string, sent?: (error?: Error) => void): void {
    this.#send(text, sent);
  }

  sendBinary(data: Uint8Array, sent?: (error?: Error) => void): void {
    this.#send(data, sent);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(code: number, reason: string): void {
    this.#liveness?.stop();
    this.#goodbye ??= code;
    this.#socket.close(code, fitReason(reason));
    // What the peer has yet to say before it says goodbye must not get stuck.
    this.#socket.resume();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #send(data: string | Uint8Array, sent: (error?: Error) => void = ignore): void {
    try {
      this.#socket.send(data, { binary: typeof data !== 'string' }, (error) => sent(error ?? undefined));
    } catch (error) {
      sent(error as Error);
    }
  }

  #upgraded(response: IncomingMessage, clock: Clock): void {
    const { headers, socket } = response;
    this.hasCredit = headers['sec-websocket-protocol'] === CREDIT_PROTOCOL;
    if (this.hasCredit) {
      this.#liveness = new Liveness(clock, {
        ping: () => this.#socket.ping(),
        bytesRead: () => socket.bytesRead,
        silent: () => {
          this.#fail('connection_lost', `nothing came from ${this.#where} for ${IDLE_LIMIT_MS} ms`);
          this.#socket.terminate();
        },
      });
      return;
    }
    // A server may ignore what it does not know (RFC 6455 §4.2.2), as the official engine does. `ws` would hang up, and
    // the engine gives the end away only once (protocol.md §8.3). So `ws` is shown the answer it wants.
    headers['sec-websocket-protocol'] ??= CREDIT_PROTOCOL;
    // That engine does not answer a ping while it streams, or is held back (protocol.md §8.5). TCP does.
    socket.setKeepAlive(true, PING_INTERVAL_MS);
  }

  /** What the close code means. */
  #codeOf(code: number, timeoutMs: number): number {
    if (code !== 1006 || this.#goodbye === undefined || this.#failure !== undefined) return code;
    // An engine that knows no credit may confirm an end by hanging up.
    if (!this.hasCredit && this.#socket.bufferedAmount === 0) return this.#goodbye;
    this.#fail('connection_lost', `${this.#where} did not confirm the end (it has ${timeoutMs} ms)`);
    return code;
  }

  #refused(response: IncomingMessage): void {
    const { statusCode } = response;
    const detail = `${this.#where}: Unexpected server response: ${statusCode}`;
    this.#fail(statusCode === 404 ? 'channel_not_found' : 'connect_refused', detail);
    this.#socket.terminate();
  }

  #fail(code: ChannelErrorCode, detail: string, cause?: unknown): void {
    this.#failure ??= new ChannelClosedError(code, detail, { cause });
  }
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
