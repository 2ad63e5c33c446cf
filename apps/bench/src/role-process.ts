import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { keepProfile } from './profile/keep.js';

/** What a process of a benchmark has used so far. */
export interface Usage {
  /** Processor time in milliseconds, user and system. */
  readonly cpuMs: number;
  readonly residentBytes: number;
}

/** Where the processor profile of a process goes: `<directory>/<name>.cpuprofile`. */
export interface ProfileTarget {
  readonly directory: string;
  readonly name: string;
}

/** A part of a benchmark in a process of its own, so that it competes for nothing but the machine. */
export class RoleProcess {
  readonly #inbox: unknown[] = [];
  #waiting: ((message: unknown) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;

  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
    private readonly profile: ProfileTarget | undefined,
  ) {
    child.on('message', (message) => {
      if (this.#waiting === undefined) this.#inbox.push(message);
      else this.#waiting(message);
    });
    child.on('exit', () => this.#fail?.(this.#ending()));
  }

  /** @param file module to run; it gets the arguments and reports with `process.send`. */
  static start(name: string, file: URL, args: readonly string[] = [], profile?: ProfileTarget): RoleProcess {
    const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile.directory}`];
    const child = fork(file, args, {
      // From where tsx is found.
      cwd: import.meta.dirname,
      execArgv: ['--import', 'tsx', ...profiling],
      // Standard output is for the result.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    return new RoleProcess(name, child, profile);
  }

  /**
   * The next thing it reports.
   *
   * @throws Error when it ends instead.
   */
  async report<T>(): Promise<T> {
    if (this.#inbox.length > 0) return this.#inbox.shift() as T;
    if (this.#hasEnded()) throw this.#ending();
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

  /** Sends something and waits for what it reports to that. */
  ask<T>(task: unknown): Promise<T> {
    this.child.send(task as object);
    return this.report<T>();
  }

  usage(): Promise<Usage> {
    return this.ask<Usage>('usage');
  }

  /** Ends it, and keeps its profile where it has one. */
  async stop(): Promise<void> {
    if (!this.#hasEnded()) {
      const ended = once(this.child, 'exit');
      // A process that is killed writes no profile.
      if (this.profile === undefined) this.child.kill('SIGKILL');
      else this.child.send('end');
      await ended;
    }
    if (this.profile !== undefined) keepProfile(this.profile, this.child.pid ?? 0);
  }

  #hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  #ending(): Error {
    const { exitCode, signalCode } = this.child;
    return new Error(`the ${this.name} ended early (${signalCode ?? `status ${exitCode}`})`);
  }
}

/** For the process itself: answers {@link RoleProcess.usage}, and ends when asked to or when nobody is left to ask. */
export function tellUsage(): void {
  process.on('message', (message) => {
    if (message === 'end') process.exit();
    if (message !== 'usage') return;
    const { user, system } = process.cpuUsage();
    const usage: Usage = { cpuMs: (user + system) / 1_000, residentBytes: process.memoryUsage.rss() };
    process.send?.(usage);
  });
  process.on('disconnect', () => process.exit());
}

/** For the process itself: does what {@link RoleProcess.ask} asks for, and reports what came of it. */
export function takeTasks<T extends object, R>(work: (task: T) => Promise<R>): void {
  process.on('message', (message) => {
    if (typeof message !== 'object' || message === null) return;
    // A task that fails ends the process, with the reason on standard error.
    void work(message as T).then((result) => process.send?.(result));
  });
  process.on('disconnect', () => process.exit());
}
