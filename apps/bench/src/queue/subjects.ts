import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Queue, Worker } from 'bullmq';
import { type IIIClient, registerWorker, TriggerAction } from 'iii-sdk';
import type { Missing } from '../servers/debian-package.js';
import { startServer } from '../servers/servers.js';

/** Something jobs can be put into, and that runs them. */
export interface Subject extends AsyncDisposable {
  readonly name: string;
  /** Resolves when the job is accepted. */
  enqueue(payload: object): Promise<unknown>;
  /** Runs jobs from now on, so many at a time; called for each that is done. */
  work(concurrency: number, done: () => void): Promise<void>;
}

const FUNCTION = 'bench::work';
const MANIFEST = createRequire(import.meta.url).resolve('iii-server/package.json');

/** The engine with its queue on disk, in a process and a directory of its own. */
export class QueueEngine implements AsyncDisposable {
  readonly #directory = mkdtempSync(path.join(os.tmpdir(), 'iii-bench-queue-'));
  #child: ChildProcess | undefined;
  url = '';

  /** @param queues settings of queues by name. */
  constructor(private readonly queues: object = { bench: { concurrency: 100 } }) {}

  /** @returns milliseconds until it was ready. */
  async start(): Promise<number> {
    const workers = [
      { name: 'iii-worker-manager', config: { port: 0 } },
      { name: 'iii-queue', config: { queue_configs: this.queues } },
    ];
    // JSON is YAML too.
    writeFileSync(path.join(this.#directory, 'engine.yaml'), JSON.stringify({ workers }));
    const started = performance.now();
    const bin = path.join(path.dirname(MANIFEST), 'dist/bin.js');
    const child = spawn(process.execPath, [bin, '-c', 'engine.yaml'], {
      cwd: this.#directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        lines.push(line);
        this.url = /workers on (ws:\S+)/.exec(line)?.[1] ?? this.url;
        if (/ ready: /.test(line)) resolve();
      });
      child.once('exit', () => reject(new Error(lines.join('\n'))));
    });
    return performance.now() - started;
  }

  /** Seconds it has spent on a processor. */
  get cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.#child?.pid}/stat`, 'utf8');
    const [user = 0, system = 0] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14).map(Number);
    return (user + system) / 100;
  }

  /** Resident memory in bytes. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.#child?.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** This engine, through its client. */
export async function iiiSubject(): Promise<Subject> {
  const engine = new QueueEngine();
  await engine.start();
  const clients: IIIClient[] = [];
  const connect = async (workerName: string) => {
    const client = registerWorker(engine.url, { workerName });
    clients.push(client);
    await client.ready();
    return client;
  };
  const producer = await connect('producer');
  const action = TriggerAction.Enqueue({ queue: 'bench' });
  return {
    name: 'iii, fsync',
    enqueue: (payload) => producer.trigger({ function_id: FUNCTION, payload, action }),
    work: async (_, done) => {
      const worker = await connect('worker');
      worker.registerFunction(FUNCTION, async () => done());
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) await client.shutdown();
      await engine[Symbol.asyncDispose]();
    },
  };
}

/** BullMQ on a Redis that writes its log as it is told. */
export async function bullSubject(appendfsync: 'always' | 'everysec'): Promise<Subject | Missing> {
  const server = await startServer('redis-server', ['--appendonly', 'yes', '--appendfsync', appendfsync]);
  if ('missing' in server) return server;
  const connection = { host: '127.0.0.1', port: server.port, maxRetriesPerRequest: null };
  const queue = new Queue('bench', { connection });
  let worker: Worker | undefined;
  return {
    name: `BullMQ, appendfsync ${appendfsync}`,
    enqueue: (payload) => queue.add('work', payload, { removeOnComplete: true }),
    work: async (concurrency, done) => {
      worker = new Worker('bench', async () => done(), { connection, concurrency });
      await worker.waitUntilReady();
    },
    [Symbol.asyncDispose]: async () => {
      await worker?.close();
      await queue.close();
      await server[Symbol.asyncDispose]();
    },
  };
}
