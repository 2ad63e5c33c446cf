import { type Connect, connectWebSocket, maskOptions } from 'iii-channel/ends';
import {
  BATCH,
  type Clock,
  type Extension,
  isBatch,
  joinTexts,
  type LongFrame,
  readBatch,
  systemClock,
  type Timer,
  textOfRaw,
} from 'iii-protocol';
import { type RawData, WebSocket } from 'ws';
import type { IIIConnectionState } from '../runtime.js';
import { backoffDelay, type ReconnectionConfig, reconnectionConfig } from './backoff.js';
import { Batching } from './batching.js';
import { Heartbeat, IDLE_LIMIT_MS } from './heartbeat.js';
import { Inbox } from './inbox.js';
import type { Link, LinkEvents, Outgoing } from './link.js';
import type { IncomingMessage, OutgoingMessage } from './message.js';
import { RawValue } from './raw-value.js';
import { type Spelled, spelled, spelledText } from './spelled.js';

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How long a connection must stand before a loss counts as the first one again. */
const STABLE_AFTER_MS = 5_000;
/** How long the engine may take to answer a goodbye. */
const CLOSE_TIMEOUT_MS = 1_000;

/** How values become text and back. `JSON`, unless numbers must survive that JavaScript cannot hold. */
export interface JsonText {
  stringify(value: unknown): string | undefined;
  parse(text: string): unknown;
}

export interface WebSocketLinkOptions {
  /** Sent with the upgrade request. */
  readonly headers?: Record<string, string>;
  readonly reconnection?: Partial<ReconnectionConfig>;
  readonly json?: JsonText;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Calls back in a turn of the event loop of its own. */
  readonly defer?: (work: () => void) => void;
}

/** What fragments are sent with. */
const TEXT = { binary: false, fin: true };
const NOT_THE_LAST = { binary: false, fin: false };
/** And parts. */
const BINARY = { binary: true };

class SpelledMessage implements Outgoing {
  constructor(readonly spelled: Spelled) {}
  get size(): number {
    return typeof this.spelled === 'string' ? this.spelled.length : this.spelled.size;
  }
}

/**
 * *idle* → *connecting* → *open* → *waiting* → *connecting* … ; *over* from any of them, for good.
 */
type LinkPhase =
  | { readonly phase: 'idle' }
  | { readonly phase: 'connecting'; readonly socket: WebSocket }
  | {
      readonly phase: 'open';
      readonly socket: WebSocket;
      readonly batching: Batching | undefined;
      readonly heartbeat: Heartbeat;
      readonly stableTimer: Timer;
    }
  | { readonly phase: 'waiting'; readonly timer: Timer }
  | { readonly phase: 'over' };

/** A connection over a WebSocket that is made anew whenever it is lost (sdk-node.md §8). */
export class WebSocketLink implements Link {
  readonly connectChannel: Connect;
  readonly #config: ReconnectionConfig;
  readonly #json: JsonText;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #headers: Record<string, string> | undefined;
  #phase: LinkPhase = { phase: 'idle' };
  /** Of the connection that stands now. */
  readonly #inbox: Inbox;
  #events: LinkEvents | undefined;
  #attempt = 0;
  /** Whether the engine takes frames in parts, on the connection that stands now. */
  #takesParts = false;
  /** Whether several may come, and go, in one message. */
  #takesBatches = false;

  constructor(
    readonly address: string,
    options: WebSocketLinkOptions = {},
  ) {
    this.#config = reconnectionConfig(options.reconnection);
    this.#json = options.json ?? JSON;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#inbox = new Inbox((text) => this.#read(text), options.defer);
    this.#headers = options.headers;
    // With the headers too, unlike official clients: a proxy in front asks for them on every socket (sdk-node.md §21 C4).
    this.connectChannel = connectWebSocket(address, {
      clock: this.#clock,
      ...(options.headers === undefined ? {} : { headers: options.headers }),
    });
  }

  /** @throws SyntaxError when the address is not a WebSocket URL. */
  open(events: LinkEvents): void {
    if (this.#phase.phase !== 'idle') return;
    this.#events = events;
    this.#connect();
  }

  prepare(message: OutgoingMessage): SpelledMessage {
    return new SpelledMessage(this.#json === JSON ? spelled(message) : spelledText(this.#textOf(message)));
  }

  send(outgoing: Outgoing): boolean {
    const now = this.#phase;
    if (now.phase !== 'open' || !(outgoing instanceof SpelledMessage)) return false;
    if (now.socket.readyState !== WebSocket.OPEN) return false;
    const { spelled } = outgoing;
    if (typeof spelled === 'string') this.#sendText(now.socket, now.batching, spelled);
    else this.#sendLong(now.socket, now.batching, spelled);
    return true;
  }

  agreed(extensions: readonly Extension[]): void {
    this.#takesParts = extensions.includes('parts');
    this.#takesBatches = extensions.includes('batch');
  }

  #sendTogether(socket: WebSocket, texts: readonly string[]): void {
    const [first = ''] = texts;
    if (texts.length === 1) socket.send(first, this.#sent);
    else socket.send(joinTexts(texts), TEXT, this.#sent);
  }

  #sendText(socket: WebSocket, batching: Batching | undefined, text: string): void {
    if (this.#takesBatches && batching !== undefined && text.length <= BATCH.frameBytes) {
      batching.join(text);
      return;
    }
    batching?.begin();
    socket.send(text, this.#sent);
  }

  #sendLong(socket: WebSocket, batching: Batching | undefined, frame: LongFrame): void {
    batching?.begin();
    const pieces = this.#takesParts ? frame.inParts() : frame.inFragments();
    for (const [at, piece] of pieces.entries()) {
      const isLast = at === pieces.length - 1;
      const options = this.#takesParts ? BINARY : isLast ? TEXT : NOT_THE_LAST;
      // Where they cannot be sent, that is told once.
      socket.send(piece, options, isLast ? this.#sent : undefined);
    }
  }

  readonly #sent = (error?: Error | null): void => {
    if (error) this.#events?.problem('Failed to send message', error);
  };

  abandon(): void {
    const { socket } = this.#finish('failed');
    socket?.terminate();
  }

  async close(): Promise<void> {
    const { socket } = this.#finish('disconnected');
    if (socket === undefined) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS);
      socket.on('close', () => {
        this.#clock.clearTimeout(timer);
        resolve();
      });
      if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
      else socket.close();
    });
  }

  /** By other means than `JSON`. A payload or a result that is text already is not spelled anew. */
  #textOf(message: OutgoingMessage): string {
    if (message.type === 'invokefunction' && message.data instanceof RawValue) {
      const { data, ...envelope } = message;
      return this.#withRaw(envelope, 'data', data);
    }
    if (message.type === 'invocationresult' && message.result instanceof RawValue) {
      const { result, ...envelope } = message;
      return this.#withRaw(envelope, 'result', result);
    }
    return this.#json.stringify(message) ?? 'null';
  }

  #withRaw(envelope: object, name: string, { raw }: RawValue): string {
    const text = this.#json.stringify(envelope) ?? '{}';
    return `${text.slice(0, -1)},"${name}":${textOfRaw(raw)}}`;
  }

  #connect(): void {
    this.#tell('connecting');
    this.#takesParts = false;
    this.#takesBatches = false;
    const socket = new WebSocket(this.address, {
      ...(this.#headers === undefined ? {} : { headers: this.#headers }),
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      ...maskOptions(this.address),
    });
    this.#phase = { phase: 'connecting', socket };
    let batching: Batching | undefined;
    socket.on('upgrade', (response) => {
      batching = new Batching(response.socket, (texts) => this.#sendTogether(socket, texts));
    });
    socket.on('open', () => this.#opened(socket, batching));
    socket.on('error', (error: Error) => {
      if (this.#isCurrent(socket)) this.#events?.problem('WebSocket error', error);
    });
    socket.on('close', (code: number) => {
      if (this.#isCurrent(socket))
        this.#lost(socket, `the connection to ${this.address} was closed (${code})`);
    });
  }

  #opened(socket: WebSocket, batching: Batching | undefined): void {
    if (!this.#isCurrent(socket)) return;
    const heartbeat = new Heartbeat(
      this.#clock,
      () => {
        if (socket.readyState === WebSocket.OPEN) socket.ping();
      },
      () => {
        const error = new Error(`nothing was heard for ${IDLE_LIMIT_MS} ms`);
        this.#events?.problem(
          `No inbound data for ${IDLE_LIMIT_MS}ms, terminating connection to force reconnect`,
          error,
        );
        socket.terminate();
      },
    );
    const stableTimer = this.#clock.setTimeout(() => {
      this.#attempt = 0;
    }, STABLE_AFTER_MS);
    this.#phase = { phase: 'open', socket, batching, heartbeat, stableTimer };
    socket.on('message', (data: RawData) => {
      if (!this.#isCurrent(socket)) return;
      heartbeat.heard();
      this.#received(socket, data);
    });
    socket.on('ping', () => heartbeat.heard());
    socket.on('pong', () => heartbeat.heard());
    this.#tell('connected');
    this.#events?.up();
  }

  #received(socket: WebSocket, data: RawData): void {
    if (!this.#takesBatches || !Buffer.isBuffer(data) || !isBatch(data)) {
      this.#inbox.take(textOf(data));
      return;
    }
    const fault = readBatch(data, (start, end) => {
      // What one of them tells may end the connection.
      if (this.#isCurrent(socket)) this.#inbox.take(data.toString('utf8', start, end));
    });
    if (fault !== undefined) this.#events?.problem('Failed to parse incoming message', new Error(fault));
  }

  #read(text: string): void {
    let message: unknown;
    try {
      message = this.#json.parse(text);
    } catch (error) {
      this.#events?.problem('Failed to parse incoming message', error);
      return;
    }
    if (typeof message !== 'object' || message === null || !('type' in message)) return;
    this.#events?.message(message as IncomingMessage);
  }

  #lost(socket: WebSocket, reason: string): void {
    this.#inbox.finish();
    // What has come may have ended it for good.
    if (!this.#isCurrent(socket)) return;
    this.#stopTimers();
    this.#phase = { phase: 'idle' };
    this.#tell('disconnected');
    const { maxRetries } = this.#config;
    const isLast = maxRetries !== -1 && this.#attempt >= maxRetries;
    if (isLast) {
      this.#phase = { phase: 'over' };
      this.#events?.problem(`Max reconnection retries (${maxRetries}) reached, giving up`, new Error(reason));
      this.#tell('failed');
    } else {
      const delay = backoffDelay(this.#config, this.#attempt, this.#random());
      const timer = this.#clock.setTimeout(() => {
        this.#attempt++;
        this.#connect();
      }, delay);
      this.#phase = { phase: 'waiting', timer };
      this.#tell('reconnecting');
      this.#events?.retrying(delay, this.#attempt + 1);
    }
    this.#events?.down(reason);
  }

  /** Ends the link for good and hands out the socket it had. */
  #finish(state: 'failed' | 'disconnected'): { socket: WebSocket | undefined } {
    const now = this.#phase;
    if (now.phase === 'open') now.batching?.release();
    this.#inbox.drop();
    this.#stopTimers();
    this.#phase = { phase: 'over' };
    this.#tell(state);
    const socket = now.phase === 'connecting' || now.phase === 'open' ? now.socket : undefined;
    return { socket };
  }

  #stopTimers(): void {
    const now = this.#phase;
    if (now.phase === 'waiting') this.#clock.clearTimeout(now.timer);
    if (now.phase !== 'open') return;
    now.heartbeat.stop();
    this.#clock.clearTimeout(now.stableTimer);
  }

  #isCurrent(socket: WebSocket): boolean {
    const now = this.#phase;
    return (now.phase === 'connecting' || now.phase === 'open') && now.socket === socket;
  }

  #tell(state: IIIConnectionState): void {
    this.#events?.state(state);
  }
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.from(data).toString('utf8');
}
