import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { driverReport } from 'iii-listener';
import type { ChannelReader, ChannelWriter, HandlerContext, IIIClient, JsonValue } from 'iii-sdk';
import { createClient, WebSocketLink } from 'iii-sdk/link';
import { LogBook, refusalOf, settled, TestEngine, type TestEngineOptions } from 'iii-testing';
import type { HttpConfig } from './config.js';
import { httpWorker } from './worker.js';

/** The drivers that load here. */
export const drivers: ReadonlyArray<'uws' | 'node'> = (await driverReport()).uws.available
  ? ['uws', 'node']
  : ['node'];

export interface Request {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
  readonly json: unknown;
}

export type Handler = (payload: Payload, metadata: JsonValue | undefined, context: HandlerContext) => unknown;

/** What a handler is called with, as far as tests look into it. */
export interface Payload {
  readonly query_params: Record<string, string>;
  readonly path_params: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly path: string;
  readonly method: string;
  readonly body: unknown;
  readonly trigger: unknown;
  readonly context?: unknown;
  readonly request_body: ChannelReader;
  readonly response: ChannelWriter;
}

export interface BedOptions extends TestEngineOptions {
  readonly config?: Partial<HttpConfig>;
}

/** A row of the list of channels, as far as tests look into it. */
interface ChannelRow {
  readonly messages: number;
  readonly state: string;
}

type Running = Awaited<ReturnType<typeof httpWorker.start>>;

/** An engine, the worker on it, and a worker whose functions it serves. */
export class TestBed implements AsyncDisposable {
  private constructor(
    readonly engine: TestEngine,
    readonly log: LogBook,
    readonly app: IIIClient,
    readonly http: Running,
  ) {}

  static async open({ config = {}, ...options }: BedOptions = {}): Promise<TestBed> {
    const log = new LogBook();
    const engine = new TestEngine({ log, ...options });
    const app = await engine.client('app');
    // Most handlers that return nothing have nothing to say, and nobody wants to wait for that.
    return new TestBed(
      engine,
      log,
      app,
      await engine.start(httpWorker, { port: 0, stream_grace: 20, ...config }),
    );
  }

  get address(): string {
    return addressOf(this.http);
  }

  /** Serves a function on a path. */
  async route(apiPath: string, handler: Handler | undefined, more: RouteOptions = {}): Promise<string> {
    const {
      on = this.app,
      functionId = `f${apiPath}${more.config?.http_method ?? ''}`,
      config,
      ...input
    } = more;
    if (handler !== undefined) on.registerFunction(functionId, handler);
    on.registerTrigger({
      type: 'http',
      function_id: functionId,
      config: { api_path: apiPath, ...config },
      ...input,
    });
    await told(on);
    return functionId;
  }

  /** The reason a trigger is refused for, or undefined when it is not. */
  refusal(config: unknown): Promise<string | undefined> {
    return refusalOf(this.app, 'http', config);
  }

  /** Resolves once the engine has so many channels. */
  channelsLeft(count: number): Promise<void> {
    return this.#channels((rows) => rows.length === count);
  }

  /** Resolves once a channel has handed so many messages to its reader. */
  messagesPassed(count: number): Promise<void> {
    return this.#channels((rows) => rows.some(({ messages }) => messages >= count));
  }

  /** Resolves once both ends of a channel are attached. */
  attached(): Promise<void> {
    return this.#channels((rows) => rows.some(({ state }) => state === 'open'));
  }

  async #channels(isReady: (rows: readonly ChannelRow[]) => boolean): Promise<void> {
    const giveUpAt = performance.now() + 10_000;
    for (;;) {
      const { channels } = await this.app.trigger<object, { channels: ChannelRow[] }>({
        function_id: 'engine::channels::list',
      });
      if (isReady(channels)) break;
      // Or a test that fails would poll for ever, and be reported never.
      if (performance.now() > giveUpAt) throw new Error(`still there: ${JSON.stringify(channels)}`);
      await settled();
    }
    // What was handed over is delivered in the turn after.
    await settled();
  }

  /** Begins a request; resolves with the head of its answer. The body is read, and cut off, by whoever asked. */
  begin(path: string, request: Request = {}): Promise<http.IncomingMessage> {
    const { method = 'GET', headers = {}, body } = request;
    const { hostname, port } = new URL(`http://${this.address}`);
    const sent = http.request({ hostname, port, path, method, headers, agent: false });
    return new Promise((resolve, reject) => {
      sent.on('error', reject).on('response', resolve);
      sent.end(body);
    });
  }

  ask(path: string, request: Request = {}): Promise<Reply> {
    return ask(this.address, path, request);
  }

  raw(text: string): Promise<string> {
    return rawExchange(this.address, text);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.engine.close();
  }
}

/** Where a worker serves. */
export function addressOf({ endpoints }: Running): string {
  const [endpoint] = endpoints ?? [];
  if (endpoint === undefined) throw new Error('the worker has no endpoint');
  return endpoint.address;
}

export interface RouteOptions {
  readonly on?: IIIClient;
  readonly functionId?: string;
  readonly namespace?: string;
  readonly metadata?: Record<string, unknown>;
  readonly config?: Record<string, unknown>;
}

/** What this client has registered is known to everyone in this process. */
export async function told(client: IIIClient): Promise<void> {
  await client.trigger({ function_id: 'engine::triggers::list' });
  await settled();
}

/** One request on a connection of its own; the path goes out as it is written. */
export async function ask(address: string, path: string, request: Request = {}): Promise<Reply> {
  const { method = 'GET', headers = {}, body } = request;
  const { hostname, port } = new URL(`http://${address}`);
  const sent = http.request({ hostname, port, path, method, headers, agent: false });
  // Of a request that is answered before it is sent, the rest cannot be.
  sent.on('error', ignore);
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    body: bytes,
    text: bytes.toString(),
    get json() {
      return JSON.parse(bytes.toString()) as unknown;
    },
  };
}

/** Sends text as it is, and returns everything that comes back until the connection is closed. */
export async function rawExchange(address: string, text: string): Promise<string> {
  const socket = connect(address, text);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

/** Opens a connection, sends text on it, and leaves it there. */
export function connect(address: string, text: string): net.Socket {
  const { hostname, port } = new URL(`http://${address}`);
  const socket = net.connect(Number(port), hostname);
  socket.on('error', ignore);
  socket.write(text, 'latin1');
  return socket;
}

/** So many bytes, of which it is told as they are taken. */
export function* chunks(size: number, taken: (bytes: number) => void): Generator<Buffer> {
  const chunk = Buffer.alloc(64 * 1024, 7);
  for (let left = size; left > 0; left -= chunk.length) {
    taken(chunk.length);
    yield chunk;
  }
}

/** A client that connects to an engine at an address; to be shut down. */
export async function remoteClient(address: string, name: string, namespace?: string): Promise<IIIClient> {
  const link = new WebSocketLink(address, { reconnection: { initialDelayMs: 5, maxDelayMs: 5 } });
  const client = createClient(link, {
    identity: { name, description: undefined, namespace, telemetry: {} },
    invocationTimeoutMs: 30_000,
    console: {
      problem: ignore,
      retrying: ignore,
      registered: ignore,
      triggerFailed: ignore,
      functionRejected: ignore,
    },
  });
  await client.ready();
  return client;
}

const ignore = () => {};
