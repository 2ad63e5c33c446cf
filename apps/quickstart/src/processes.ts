import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How long a process may take to stop before it is killed. */
const STOP_MS = 8_000;

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with every line it prints. */
  readonly line?: (line: string) => void;
}

/** A process that was started here and has to end with us. */
export class OwnedProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(readonly options: ProcessOptions) {
    this.#child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', (code) => resolve(code));
      this.#child.once('error', () => resolve(null));
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => options.line?.(line));
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves with the exit status, null after a signal or when it could not be started. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.#ended;
    clearTimeout(timer);
  }
}
