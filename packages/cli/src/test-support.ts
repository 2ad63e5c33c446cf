import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { DataHost, ServeRequest } from './host.js';
import type { CliIo } from './io.js';
import { runCli } from './run-cli.js';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What the host was asked to serve. */
  readonly served: readonly ServeRequest[];
}

export interface RunOptions extends Partial<CliIo> {
  readonly serve?: (request: ServeRequest) => Promise<number>;
  readonly data?: Partial<DataHost>;
}

const unexpected = () => {
  throw new Error('this test has no data');
};
/** A host that must not be asked for data. */
export const NO_DATA: DataHost = {
  directoryOf: unexpected,
  backup: unexpected,
  restore: unexpected,
  verify: unexpected,
};

/** Runs the command with nothing of the real surroundings. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { serve = async () => 0, data, ...io } = options;
  const written = { stdout: '', stderr: '' };
  const served: ServeRequest[] = [];
  const status = await runCli(
    args,
    {
      version: '1.2.3',
      serve: (request) => {
        served.push(request);
        return serve(request);
      },
      data: { ...NO_DATA, ...data },
    },
    {
      stdout: (text) => {
        written.stdout += text;
      },
      stderr: (text) => {
        written.stderr += text;
      },
      env: {},
      isTerminal: { stdin: false, stdout: false, stderr: false },
      cwd: '/somewhere',
      ...io,
    },
  );
  return { status, ...written, served };
}

/** All three streams are terminals. */
export const TERMINAL = { stdin: true, stdout: true, stderr: true };

/** A port on loopback that nobody listens on any more. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server.address());
  server.close();
  await once(server, 'close');
  return port;
}

export function portOf(address: ReturnType<Server['address']> | string): number {
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error(`not listening on a port: ${String(address)}`);
}

/** A worker that speaks the protocol by hand, so that a test sees and says the very bytes. */
export class RawWorker {
  /** `data` of every call as it was spelled, without the member the engine adds. */
  readonly received: string[] = [];

  private constructor(private readonly socket: WebSocket) {}

  /** @param outcome members of every answer as JSON text, such as `"result":1.0`. */
  static async connect(url: string, functionId: string, outcome: string): Promise<RawWorker> {
    const socket = new WebSocket(url);
    const worker = new RawWorker(socket);
    const registered = crypto.randomUUID();
    await new Promise<void>((resolve) => {
      socket.on('open', () => {
        // Without an announcement the engine holds registrations back for a while.
        socket.send(
          '{"type":"invokefunction","function_id":"engine::workers::register","data":{"name":"raw"},"action":{"type":"void"}}',
        );
        socket.send(`{"type":"registerfunction","id":"${functionId}"}`);
        // Answered after everything sent before it has been seen to.
        const data = `{"function_id":"${functionId}"}`;
        socket.send(invocation(registered, 'engine::functions::info', data));
      });
      socket.on('message', (message) => {
        const text = String(message);
        const frame = JSON.parse(text) as { type: string; invocation_id?: string };
        if (frame.invocation_id === registered) resolve();
        else if (frame.type === 'invokefunction') {
          worker.received.push(dataOf(text));
          const ids = `"invocation_id":"${frame.invocation_id}","function_id":"${functionId}"`;
          socket.send(`{"type":"invocationresult",${ids},${outcome}}`);
        }
      });
    });
    return worker;
  }

  async close(): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }
}

function invocation(id: string, functionId: string, data: string): string {
  return `{"type":"invokefunction","invocation_id":"${id}","function_id":"${functionId}","data":${data}}`;
}

/** The text of `data`, which the engine puts last. */
function dataOf(frame: string): string {
  const text = /"data":(.*)\}$/s.exec(frame)?.[1] ?? frame;
  return text.replace(/,?"_caller_worker_id":"[^"]*"/, '');
}

/** An engine of another make, which knows the functions it is given answers for and no other. */
export class ForeignEngine {
  /** Ids of the functions that were called, in order. */
  readonly called: string[] = [];
  #unanswered: (() => void) | undefined;

  private constructor(
    private readonly server: WebSocketServer,
    readonly port: number,
  ) {}

  /** @param answers results by function id. */
  static async listen(answers: Readonly<Record<string, unknown>>): Promise<ForeignEngine> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const engine = new ForeignEngine(server, portOf(server.address()));
    server.on('connection', (socket) => {
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data)) as { invocation_id?: string; function_id?: string };
        const { invocation_id, function_id = '' } = frame;
        if (invocation_id === undefined) return;
        engine.called.push(function_id);
        if (engine.#unanswered !== undefined) {
          engine.#unanswered();
          return;
        }
        const outcome = Object.hasOwn(answers, function_id)
          ? { result: answers[function_id] }
          : { error: { code: 'function_not_found', message: `Function ${function_id} not found` } };
        socket.send(JSON.stringify({ type: 'invocationresult', invocation_id, function_id, ...outcome }));
      });
    });
    return engine;
  }

  /** Leaves every call from now on without an answer; resolves with the first of them. */
  fallSilent(): Promise<void> {
    return new Promise((resolve) => {
      this.#unanswered = resolve;
    });
  }

  async close(): Promise<void> {
    for (const client of this.server.clients) client.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
