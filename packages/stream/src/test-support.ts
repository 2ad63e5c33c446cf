import { once } from 'node:events';
import { driverReport } from 'iii-listener';
import type { FunctionHandler, IIIClient } from 'iii-sdk';
import { LogBook, refusalOf, TestEngine, type TestEngineOptions } from 'iii-testing';
import { WebSocket } from 'ws';
import { streamWorker } from './worker.js';

/** The drivers that load here. */
export const drivers: ReadonlyArray<'uws' | 'node'> = (await driverReport()).uws.available
  ? ['uws', 'node']
  : ['node'];

/** What a socket receives. */
export interface Envelope {
  readonly type: 'stream';
  readonly timestamp: number;
  readonly streamName: string;
  readonly groupId: string;
  readonly id: string | null;
  readonly event: { readonly type: string; readonly data?: unknown; readonly event?: unknown };
}

/** A client of the port. */
export class Peer {
  readonly texts: string[] = [];
  #waiting: Array<() => void> = [];
  #taken = 0;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.texts.push(String(data));
      for (const wake of this.#waiting.splice(0)) wake();
    });
    socket.on('error', () => {});
  }

  send(message: object | string | Uint8Array): this {
    const isRaw = typeof message === 'string' || message instanceof Uint8Array;
    this.socket.send(isRaw ? message : JSON.stringify(message));
    return this;
  }

  join(streamName: string, groupId: string, id?: string, subscriptionId = 's1'): this {
    return this.send({ type: 'join', data: { subscriptionId, streamName, groupId, id } });
  }

  leave(streamName: string, groupId: string, subscriptionId = 's1'): this {
    return this.send({ type: 'leave', data: { subscriptionId, streamName, groupId } });
  }

  /** The next message, when it comes. */
  async next(): Promise<Envelope> {
    while (this.texts.length <= this.#taken) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return JSON.parse(this.texts[this.#taken++] ?? '') as Envelope;
  }

  /** The event of the next message. */
  async event(): Promise<Envelope['event']> {
    return (await this.next()).event;
  }

  async closed(): Promise<{ readonly code: number; readonly reason: string }> {
    const [code, reason] = (await once(this.socket, 'close')) as [number, Buffer];
    return { code, reason: String(reason) };
  }
}

export interface BedOptions extends TestEngineOptions {
  readonly config?: object;
}

type Running = Awaited<ReturnType<typeof streamWorker.start>>;

/** An engine, the worker on it, and a worker that uses it. */
export class TestBed implements AsyncDisposable {
  readonly #sockets: WebSocket[] = [];

  private constructor(
    readonly engine: TestEngine,
    readonly log: LogBook,
    readonly app: IIIClient,
    readonly stream: Running,
  ) {}

  static async open({ config = {}, ...options }: BedOptions = {}): Promise<TestBed> {
    const log = new LogBook();
    const engine = new TestEngine({ log, ...options });
    const app = await engine.client('app');
    const stream = await engine.start(streamWorker, { port: 0, ...config });
    const bed = new TestBed(engine, log, app, stream);
    await bed.call('stream::list_all', {});
    return bed;
  }

  get address(): string {
    const [endpoint] = this.stream.endpoints ?? [];
    if (endpoint === undefined) throw new Error('the worker has no endpoint');
    return endpoint.address;
  }

  call<T = unknown>(function_id: string, payload: object): Promise<T> {
    return this.app.trigger<object, T>({ function_id, payload });
  }

  /** The code a call fails with. */
  async failure(function_id: string, payload: unknown): Promise<{ code: string; message: string }> {
    try {
      await this.app.trigger({ function_id, payload });
    } catch (error) {
      return error as { code: string; message: string };
    }
    throw new Error(`${function_id} did not fail`);
  }

  set(group_id: string, item_id: string, data: unknown, stream_name = 'chat'): Promise<unknown> {
    return this.call('stream::set', { stream_name, group_id, item_id, data });
  }

  /** Binds a function to a trigger type, and resolves once the worker knows. */
  async bind(type: string, config: unknown, handler: FunctionHandler, more: object = {}) {
    const function_id = `f::${crypto.randomUUID()}`;
    const offered = this.app.registerFunction(function_id, handler);
    const bound = this.app.registerTrigger({ type, function_id, config, ...more });
    await this.call('stream::list_all', {});
    return {
      unregister: async () => {
        bound.unregister();
        offered.unregister();
        await this.call('stream::list_all', {});
      },
    };
  }

  /** The reason a trigger is refused for. */
  refusal(triggerType: string, config: unknown): Promise<string | undefined> {
    return refusalOf(this.app, triggerType, config);
  }

  dial(path = '/', options: object = {}, protocols: string[] = []): WebSocket {
    return this.dialTo(this.address + path, options, protocols);
  }

  dialTo(target: string, options: object = {}, protocols: string[] = []): WebSocket {
    const socket = new WebSocket(`ws://${target}`, protocols, options);
    this.#sockets.push(socket);
    return socket;
  }

  async connect(path = '/', options: object = {}): Promise<Peer> {
    const peer = new Peer(this.dial(path, options));
    await once(peer.socket, 'open');
    return peer;
  }

  /** The status an upgrade is refused with. */
  async refused(path: string, headers: object = {}): Promise<number> {
    const socket = this.dial(path, { headers });
    socket.on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    return response.statusCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.terminate();
    await this.engine.close();
  }
}

/** What was handed over, in order, and can be waited for. */
export class Inbox<T> {
  readonly items: T[] = [];
  #waiting: Array<() => void> = [];

  readonly put = (item: T): void => {
    this.items.push(item);
    for (const wake of this.#waiting.splice(0)) wake();
  };

  async count(count: number): Promise<T[]> {
    while (this.items.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.items;
  }
}
