import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** A worker on the official client in a process of its own, which can be killed. */
export class WorkerProcess {
  private constructor(readonly child: ChildProcess) {}

  /** @param delayMs how long the function takes that it offers. */
  static async start(url: string, functionId: string, delayMs: number): Promise<WorkerProcess> {
    const script = path.resolve(import.meta.dirname, '../workers/slow-worker.mjs');
    const child = spawn(process.execPath, [script, url, functionId, String(delayMs)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [message] = (await once(child, 'message')) as [unknown];
    if (message !== 'ready') throw new Error(`the worker said ${JSON.stringify(message)}`);
    return new WorkerProcess(child);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
