import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** What a process of a benchmark has used so far. */
export interface Usage {
  /** Processor time in milliseconds, user and system. */
  readonly cpuMs: number;
  readonly residentBytes: number;
}

/** A part of a benchmark in a process of its own, so that it competes for nothing but the machine. */
export class RoleProcess {
  readonly #inbox: unknown[] = [];
  #waiting: ((message: unknown) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;

  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
  ) {
    child.on('message', (message) => {
      if (this.#waiting === undefined) this.#inbox.push(message);
      else this.#waiting(message);
    });
    child.on('exit', (code, signal) => {
      this.#fail?.(new Error(`the ${name} ended early (${signal ?? `status ${code}`})`));
    });
  }

  /** @param file module to run; it gets the arguments and reports with `process.send`. */
  static start(name: string, file: URL, args: readonly string[]): RoleProcess {
    return new RoleProcess(name, fork(file, args, { execArgv: ['--import', 'tsx'] }));
  }

  /** The next thing it reports. */
  async report<T>(): Promise<T> {
    if (this.#inbox.length > 0) return this.#inbox.shift() as T;
    if (this.child.exitCode !== null) throw new Error(`the ${this.name} has ended`);
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#waiting = (message) => resolve(message as T);
        this.#fail = reject;
      });
    } finally {
      this.#waiting = undefined;
      this.#fail = undefined;
    }
  }

  async usage(): Promise<Usage> {
    this.child.send('usage');
    return this.report<Usage>();
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

/** For the process itself: answers {@link RoleProcess.usage}. */
export function tellUsage(): void {
  process.on('message', (message) => {
    if (message !== 'usage') return;
    const { user, system } = process.cpuUsage();
    const usage: Usage = { cpuMs: (user + system) / 1_000, residentBytes: process.memoryUsage.rss() };
    process.send?.(usage);
  });
}
