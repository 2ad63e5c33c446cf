import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { III } from './engine-process.js';

/** An engine that comes back: on the same port, with the same data. */
export class DurableEngine implements AsyncDisposable {
  readonly #directory = mkdtempSync(path.join(os.tmpdir(), 'iii-durable-'));
  #child: ChildProcess | undefined;
  #port = 0;

  /** @param workers entries of the configuration beside the port for workers. */
  constructor(private readonly workers: string) {}

  get url(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const config = `workers:\n  - name: iii-worker-manager\n    config: { port: ${this.#port} }\n${this.workers}`;
    writeFileSync(path.join(this.#directory, 'engine.yaml'), config);
    const child = spawn(process.execPath, [III, '-c', 'engine.yaml'], {
      cwd: this.#directory,
      // The other driver cannot take a port again while connections of a killed process linger on it.
      env: { ...process.env, III_LISTENER: 'node', III_LOG_FORMAT: 'text', III_LOG_LEVEL: 'info' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        lines.push(line);
        const port = /workers on ws:\/\/\S+:(\d+)/.exec(line)?.[1];
        if (port !== undefined) this.#port = Number(port);
        if (/ ready: /.test(line)) resolve();
      });
      child.once('exit', (code) =>
        reject(new Error(`the engine ended with ${String(code)}:\n${lines.join('\n')}`)),
      );
    });
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
