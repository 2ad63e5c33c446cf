import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

export type Driver = 'uws' | 'node';

const MANIFEST = createRequire(import.meta.url).resolve('iii-server/package.json');
/** The `iii` command. */
export const III = path.join(path.dirname(MANIFEST), 'dist/bin.js');

const CONFIG = `
workers:
  - name: iii-worker-manager
    config: { port: 0 }
  - name: iii-http
    config: { port: 0 }
`;

export interface EngineProcessOptions {
  readonly driver: Driver;
  /** Text of the configuration file. Default: a port for workers and one for HTTP. */
  readonly config?: string;
  readonly nodeArgs?: readonly string[];
  /** Variables of its environment, besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it lives, when that is to outlive it; its configuration is there already. Default: a place of its own. */
  readonly home?: Home;
}

/** A directory for engines that live one after the other. */
export interface Home extends AsyncDisposable {
  readonly directory: string;
}

/** The engine as users run it: the `iii` command in a process of its own, on free ports. */
export class EngineProcess {
  private constructor(
    readonly child: ChildProcess,
    private readonly directory: string,
    readonly lines: readonly string[],
    private readonly ownsDirectory: boolean,
  ) {}

  /** Whoever asks for it disposes of it, when every engine in it has stopped. */
  static home(config: string = CONFIG): Home {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'iii-conformance-'));
    writeFileSync(path.join(directory, 'engine.yaml'), config);
    return {
      directory,
      [Symbol.asyncDispose]: async () => rmSync(directory, { recursive: true, force: true }),
    };
  }

  static async start(options: EngineProcessOptions): Promise<EngineProcess> {
    const { directory } = options.home ?? EngineProcess.home(options.config);
    const child = spawn(process.execPath, [...(options.nodeArgs ?? []), III, '-c', 'engine.yaml'], {
      cwd: directory,
      env: {
        ...process.env,
        III_LISTENER: options.driver,
        III_LOG_FORMAT: 'text',
        III_LOG_LEVEL: 'info',
        ...options.env,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const lines: string[] = [];
    const engine = new EngineProcess(child, directory, lines, options.home === undefined);
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        lines.push(line);
        if (/ ready: /.test(line)) resolve();
      });
      child.once('exit', (code) =>
        reject(new Error(`the engine ended with ${String(code)}:\n${lines.join('\n')}`)),
      );
    });
    return engine;
  }

  get url(): string {
    return this.#find(/workers on (ws:\/\/\S+)/);
  }

  get httpUrl(): string {
    return this.#find(/http on (http:\/\/\S+)/);
  }

  /** Where the stream worker takes sockets. */
  get streamUrl(): string {
    return this.#find(/iii-stream: ws on (ws:\/\/\S+)/);
  }

  /** Saves another configuration, as a user would; the engine applies it by itself. */
  configure(config: string): void {
    writeFileSync(path.join(this.directory, 'engine.yaml'), config);
  }

  /** Resident memory in bytes. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  /** Seconds it has spent on a processor. */
  get cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8');
    // Counted from behind the name, which may have spaces in it; in hundredths.
    const [user = 0, system = 0] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14).map(Number);
    return (user + system) / 100;
  }

  /** Asks it to stop and resolves with its exit status. */
  async stop(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) resolve(this.child.exitCode);
      this.child.once('exit', resolve);
    });
    this.child.kill(signal);
    const status = await ended;
    if (this.ownsDirectory) rmSync(this.directory, { recursive: true, force: true });
    return status;
  }

  #find(pattern: RegExp): string {
    const found = pattern.exec(this.lines.join('\n'))?.[1];
    if (found === undefined)
      throw new Error(`the engine did not say ${String(pattern)}:\n${this.lines.join('\n')}`);
    return found;
  }
}
