import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Usage } from '../role-process.js';
import type { Program } from './debian-package.js';
import { usageOf } from './process-usage.js';

export interface ServerStart {
  readonly name: string;
  readonly program: Program;
  readonly args: readonly string[];
  readonly port: number;
  /** What it prints, on either output, once it can be connected to. */
  readonly ready: RegExp;
  /** Milliseconds it has to print that. Default 10 000. */
  readonly readyMs?: number;
}

/** Lines of output that are told when a server does not start. */
const TOLD_LINES = 5;

/** A server that was not written for the benchmarks, in a process and a directory of its own. */
export class ServerProcess implements AsyncDisposable {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly directory: string,
  ) {}

  /** @throws Error when it does not get ready, with the last it printed. */
  static async start(start: ServerStart): Promise<ServerProcess> {
    const { program, args, port } = start;
    const directory = mkdtempSync(path.join(os.tmpdir(), 'iii-bench-server-'));
    const child = spawn(program.file, args, {
      cwd: directory,
      env: { ...process.env, ...program.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = new ServerProcess(port, child, directory);
    try {
      await untilReady(child, start);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Processor time of all its threads, and its memory. */
  async usage(): Promise<Usage> {
    return usageOf(this.child.pid ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function untilReady(
  child: ChildProcess,
  { name, ready, readyMs = 10_000 }: ServerStart,
): Promise<void> {
  const told: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const fail = (what: string) => reject(new Error([`${name} ${what}`, ...told].join('\n')));
    const deadline = setTimeout(() => fail(`was not ready after ${readyMs} ms`), readyMs);
    const settle = (then: () => void) => {
      clearTimeout(deadline);
      then();
    };
    for (const input of [child.stdout, child.stderr]) {
      if (input === null) continue;
      // Read to the end, or the server would block once the pipe is full.
      createInterface({ input }).on('line', (line) => {
        told.push(line);
        if (told.length > TOLD_LINES) told.shift();
        if (ready.test(line)) settle(resolve);
      });
    }
    child.once('error', (error) => settle(() => fail(`cannot be started: ${error.message}`)));
    child.once('close', (status, signal) =>
      settle(() => fail(`ended early (${signal ?? `status ${status}`})`)),
    );
  });
}
