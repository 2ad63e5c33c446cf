import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type OfficialClient, registerOfficial } from './official.js';

const FUNCTION = 'rolling::f';
const HANDLER_MS = 50;
const TICK_MS = 5;

export interface RollingOptions {
  readonly url: string;
  /** Calls a second. */
  readonly rate: number;
  /** Milliseconds of load before, between and after the replacements. */
  readonly pauseMs: number;
  readonly progress?: (line: string) => void;
}

export interface RollingReport {
  readonly calls: number;
  readonly seconds: number;
  /** Calls that failed while replicas were replaced one by one; should be none. */
  readonly failedWhileRolling: number;
  /** Calls that failed after one replica was killed. */
  readonly failedByKill: number;
  readonly codes: readonly string[];
  /** Failed calls that a replica had started which was never killed; should be none. */
  readonly failedElsewhere: number;
  /** Longest time from the kill until a call failed that was made before it, in milliseconds. */
  readonly lastFailureMs: number;
}

class Replica {
  private constructor(
    readonly child: ChildProcess,
    private readonly log: string,
  ) {}

  static async start(url: string, directory: string, number: number): Promise<Replica> {
    const log = path.join(directory, `replica-${number}`);
    const script = path.resolve(import.meta.dirname, '../workers/replica-worker.mjs');
    const child = spawn(process.execPath, [script, url, FUNCTION, String(HANDLER_MS), log], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(child, 'message');
    return new Replica(child, log);
  }

  /** Numbers of the calls it has started. */
  get started(): ReadonlySet<number> {
    return new Set(readFileSync(this.log, 'utf8').split('\n').filter(Boolean).map(Number));
  }

  async drain(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.send('drain');
    await ended;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}

interface Failure {
  readonly n: number;
  readonly code: string;
  readonly at: number;
}

/** Calls at a steady rate, and keeps the failures. */
class Load {
  readonly failures: Failure[] = [];
  calls = 0;
  readonly #startedAt = performance.now();
  readonly #open = new Set<Promise<unknown>>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly client: OfficialClient,
    private readonly rate: number,
  ) {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1_000;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
  }

  #tick(): void {
    const due = Math.floor(this.seconds * this.rate);
    while (this.calls < due) this.#call(this.calls++);
  }

  #call(n: number): void {
    const ended: Promise<unknown> = this.client
      .trigger<object, number>({ function_id: FUNCTION, payload: { n } })
      .catch((error: { code: string }) => {
        this.failures.push({ n, code: error.code, at: performance.now() });
      })
      .finally(() => this.#open.delete(ended));
    this.#open.add(ended);
  }
}

/** Replaces the replicas of a function one by one under load, then kills one. */
export async function rollingDeploy(options: RollingOptions): Promise<RollingReport> {
  const { url, rate, pauseMs, progress } = options;
  const directory = mkdtempSync(path.join(os.tmpdir(), 'iii-rolling-'));
  const replicas: Replica[] = [];
  const add = async () => void replicas.push(await Replica.start(url, directory, replicas.length));
  const client = registerOfficial(url, 'rolling-caller');
  try {
    for (let n = 0; n < 3; n++) await add();
    const load = new Load(client, rate);
    await pause(pauseMs);
    for (let n = 0; n < 3; n++) {
      await add();
      await replicas[n]?.drain();
      progress?.(`replaced ${n + 1} of 3, ${load.calls} calls, ${load.failures.length} failed`);
      await pause(pauseMs);
    }
    const failedWhileRolling = load.failures.length;
    const [doomed, ...survivors] = replicas.slice(3);
    const killedAt = performance.now();
    await doomed?.kill();
    await pause(pauseMs);
    await load.stop();
    const failed = load.failures.slice(failedWhileRolling);
    progress?.(`killed one, ${load.calls} calls, ${failed.length} failed`);
    const elsewhere = new Set(survivors.flatMap(({ started }) => [...started]));
    return {
      calls: load.calls,
      seconds: load.seconds,
      failedWhileRolling,
      failedByKill: failed.length,
      codes: [...new Set(load.failures.map(({ code }) => code))],
      failedElsewhere: failed.filter(({ n }) => elsewhere.has(n)).length,
      lastFailureMs: Math.max(0, ...failed.map(({ at }) => at - killedAt)),
    };
  } finally {
    await client.shutdown();
    await Promise.all(replicas.map((replica) => replica.kill()));
    rmSync(directory, { recursive: true });
  }
}
