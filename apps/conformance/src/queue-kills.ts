import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { registerOfficial } from './official.js';
import { numbers } from './random.js';

const FUNCTION = 'kills::work';
const WORKERS = 3;

export interface KillsOptions {
  readonly url: string;
  /** A standard queue that is empty. */
  readonly queue: string;
  readonly jobs: number;
  readonly seed: number;
  /** Longest pause between two kills, in milliseconds. */
  readonly everyMs: number;
}

export interface KillsReport {
  readonly kills: number;
  readonly delivered: number;
  readonly deadLetters: number;
  /** Attempts beyond the first, of which a worker had told that it would fail them. */
  readonly failures: number;
  /** Jobs that were charged more attempts than had failed; should be none. */
  readonly overcharged: readonly string[];
}

/** Kills workers at random while they run the jobs of a queue. */
export async function killWorkers(options: KillsOptions): Promise<KillsReport> {
  const { url, queue, jobs, seed, everyMs } = options;
  const draw = numbers(seed);
  const caller = registerOfficial(url, 'kills-caller');
  const failed = new Map<number, number>();
  const overcharged: string[] = [];
  const note = (message: unknown) => {
    if (typeof message !== 'object' || message === null) return;
    const { kind, n, attempt } = message as { kind: string; n: number; attempt: number };
    const failures = failed.get(n) ?? 0;
    if (attempt > failures + 1) overcharged.push(`job ${n}: attempt ${attempt} after ${failures} failures`);
    if (kind === 'fails') failed.set(n, failures + 1);
  };
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => startWorker(url, draw(1e6), note)));
  let kills = 0;
  try {
    const receipts = Array.from({ length: jobs }, (_, n) => n);
    for (let at = 0; at < jobs; at += 500) {
      await Promise.all(
        receipts
          .slice(at, at + 500)
          .map((n) =>
            caller.trigger({ function_id: FUNCTION, payload: { n }, action: { type: 'enqueue', queue } }),
          ),
      );
    }
    const stats = () =>
      caller.trigger<object, { depth: number; delivered: number; dlq_depth: number }>({
        function_id: 'engine::queue::topic_stats',
        payload: { topic: queue },
      });
    for (;;) {
      const { depth, delivered, dlq_depth: deadLetters } = await stats();
      if (depth === 0) {
        const failures = [...failed.values()].reduce((sum, one) => sum + one, 0);
        return { kills, delivered, deadLetters, failures, overcharged };
      }
      await pause(draw(everyMs));
      const victim = draw(WORKERS);
      const child = workers[victim];
      if (child === undefined) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      kills++;
      workers[victim] = await startWorker(url, draw(1e6), note);
    }
  } finally {
    for (const child of workers) child.kill('SIGKILL');
    await caller.shutdown();
  }
}

async function startWorker(
  url: string,
  seed: number,
  note: (message: unknown) => void,
): Promise<ChildProcess> {
  const script = path.resolve(import.meta.dirname, '../workers/queue-worker.mjs');
  const child = spawn(process.execPath, [script, url, FUNCTION, String(seed)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.on('message', note);
  await new Promise<void>((resolve) => {
    child.on('message', (message) => {
      if (message === 'ready') resolve();
    });
  });
  return child;
}
