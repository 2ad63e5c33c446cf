import { getEventListeners, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { ChannelClosedError, type Connect, refusedTransport } from 'iii-channel/ends';
import { isBatch, readBatch } from 'iii-protocol';
import { ManualClock } from 'iii-protocol/testing';
import { type WebSocket, WebSocketServer } from 'ws';
import { createClient } from './client/client.js';
import type { ClientConsole } from './client/console.js';
import type { Link, LinkEvents, Outgoing } from './link/link.js';
import type { IncomingMessage, OutgoingMessage } from './link/message.js';
import type { IIIClient } from './types/client.js';

export type Sent = Readonly<Record<string, unknown>> & { readonly type: string };

/** A link whose other end is the test. */
export class FakeLink implements Link {
  readonly address = 'ws://engine.test';
  readonly sent: Sent[] = [];
  /** Ends of channels that were connected. */
  readonly connected: string[] = [];
  isUp = false;
  closed: 'closed' | 'abandoned' | undefined;
  #events: LinkEvents | undefined;

  readonly connectChannel: Connect = (ref, direction, events) => {
    this.connected.push(`${direction} ${ref.channel_id}`);
    return refusedTransport(events, new ChannelClosedError('channel_not_found', 'this is a test'));
  };

  open(events: LinkEvents): void {
    this.#events = events;
    events.state('connecting');
  }

  prepare(message: OutgoingMessage): Outgoing & { text: string } {
    const text = JSON.stringify(message);
    return { size: text.length, text };
  }

  send(outgoing: Outgoing): boolean {
    if (!this.isUp) return false;
    this.sent.push(JSON.parse((outgoing as { text: string } & Outgoing).text) as Sent);
    return true;
  }

  abandon(): void {
    this.closed = 'abandoned';
    this.#events?.state('failed');
  }

  close(): Promise<void> {
    this.closed = 'closed';
    this.isUp = false;
    return Promise.resolve();
  }

  up(): this {
    this.isUp = true;
    this.#events?.state('connected');
    this.#events?.up();
    return this;
  }

  down(): this {
    this.isUp = false;
    this.#events?.state('disconnected');
    this.#events?.state('reconnecting');
    this.#events?.down('the connection to ws://engine.test was closed (1006)');
    return this;
  }

  giveUp(): this {
    this.isUp = false;
    this.#events?.state('failed');
    this.#events?.down('the connection to ws://engine.test was closed (1006)');
    return this;
  }

  receive(message: object): this {
    this.#events?.message(message as IncomingMessage);
    return this;
  }

  /** Takes what was sent since the last time. */
  take(): Sent[] {
    return this.sent.splice(0);
  }

  types(): string[] {
    return this.sent.map(({ type }) => type);
  }
}

export interface TestClient {
  readonly client: IIIClient;
  readonly link: FakeLink;
  readonly clock: ManualClock;
  /** What was printed. */
  readonly lines: string[];
}

/** A client on a {@link FakeLink}, on a clock that stands still. */
export function testClient(namespace?: string): TestClient {
  const link = new FakeLink();
  const clock = new ManualClock();
  const lines: string[] = [];
  const console: ClientConsole = {
    problem: (message, error) => void lines.push(`problem: ${message}: ${(error as Error).message}`),
    retrying: () => {},
    registered: (id) => void lines.push(`registered ${id}`),
    triggerFailed: (id, type, message) => void lines.push(`trigger failed: ${id} ${type} ${message}`),
    functionRejected: (id, ns, owner) => void lines.push(`function rejected: ${id} ${ns} ${owner}`),
  };
  const client = createClient(link, {
    identity: { name: 'tester', description: 'tests', namespace, telemetry: {} },
    invocationTimeoutMs: 30_000,
    clock,
    console,
  });
  return { client, link, clock, lines };
}

/** The same, with a connection, and with what it sent on connecting out of the way. */
export function connectedClient(namespace?: string): TestClient {
  const test = testClient(namespace);
  test.link.up();
  test.link.take();
  return test;
}

/** The same, with an engine that has offered `cancel` and been answered. */
export function agreedClient(): TestClient {
  const test = connectedClient();
  test.link.receive(GREETING).take();
  test.lines.length = 0;
  return test;
}

/** As our engine greets. */
export const GREETING = {
  type: 'workerregistered',
  worker_id: 'w-1',
  extensions: ['cancel', 'parts', 'batch', 'telepathy'],
} as const;

/** A signal, and how many listen to it. */
export function countedSignal(): {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  listeners(): number;
} {
  const controller = new AbortController();
  const { signal } = controller;
  return {
    signal,
    abort: (reason) => controller.abort(reason),
    listeners: () => getEventListeners(signal, 'abort').length,
  };
}

/** One connection as a scripted engine sees it. */
export class Connection {
  readonly frames: Sent[] = [];
  #waiting: Array<() => void> = [];

  constructor(
    readonly socket: WebSocket,
    readonly headers: Readonly<Record<string, string | string[] | undefined>>,
    readonly url: string,
  ) {
    socket.on('message', (data) => {
      const bytes = Buffer.from(data as Buffer);
      if (!isBatch(bytes)) this.frames.push(JSON.parse(String(data)) as Sent);
      else readBatch(bytes, (start, end) => this.frames.push(JSON.parse(bytes.toString('utf8', start, end))));
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  send(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** Resolves with the first frame that fits. */
  async frame(fits: (frame: Sent) => boolean): Promise<Sent> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async closed(): Promise<number> {
    const [code] = (await once(this.socket, 'close')) as [number];
    return code;
  }
}

/** A WebSocket server that does what the test says. */
export class ScriptedEngine {
  readonly connections: Connection[] = [];
  #waiting: Array<() => void> = [];

  private constructor(private readonly server: WebSocketServer) {
    server.on('connection', (socket, request) => {
      this.connections.push(new Connection(socket, request.headers, request.url ?? ''));
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  /** @param options `autoPong: false` leaves pings unanswered. */
  static async start(options: { autoPong?: boolean } = {}): Promise<ScriptedEngine> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
    const engine = new ScriptedEngine(server);
    await once(server, 'listening');
    return engine;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** Resolves with the n-th connection, counted from 0. */
  async connection(n: number): Promise<Connection> {
    for (;;) {
      const found = this.connections[n];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async stop(): Promise<void> {
    for (const client of this.server.clients) client.terminate();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

/** Lets handlers and promises run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** What a promise comes to, be it an error. */
export async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}
