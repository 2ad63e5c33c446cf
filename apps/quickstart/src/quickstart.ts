import { createRequire } from 'node:module';
import path from 'node:path';
import { registerWorker } from 'iii-sdk';
import { OwnedProcess } from './processes.js';
import { preparePython } from './python.js';

const HERE = path.resolve(import.meta.dirname, '..');
const III = createRequire(import.meta.url)
  .resolve('iii-server/package.json')
  .replace('package.json', 'dist/bin.js');

/** Runs a TypeScript file. */
const TYPESCRIPT = [process.execPath, '--import', 'tsx'] as const;

/** Milliseconds until everything must be in place. */
const START_MS = 60_000;

export interface QuickstartOptions {
  /** 0 chooses free ports. */
  readonly port: number;
  readonly httpPort: number;
  /** Where the engine keeps its data. Default: `data` in this project. */
  readonly dataDirectory?: string | undefined;
  /** Told what happens, line by line. */
  readonly tell: (line: string) => void;
}

/** The tutorial, running. */
export interface Quickstart {
  readonly url: string;
  readonly httpUrl: string;
  readonly processes: readonly OwnedProcess[];
  /** Resolves when a process has ended that should not have. */
  readonly failed: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts an engine, a worker in Python and a worker in TypeScript, and resolves when their functions can be called.
 *
 * @throws Error naming the process that did not start.
 */
export async function startQuickstart(options: QuickstartOptions): Promise<Quickstart> {
  const { tell } = options;
  const processes: OwnedProcess[] = [];
  const stop = async () => {
    for (const owned of processes.splice(0).reverse()) await owned.stop();
  };
  try {
    const engine = await startEngine(options, processes);
    const env = { III_URL: engine.url };
    await startMathWorker(env, processes, tell);
    startWorker('caller-worker', [...TYPESCRIPT, 'workers/caller-worker/worker.ts'], env, processes, tell);
    for (const { options: started, pid } of processes) {
      tell(`${started.name.padEnd(14)} started with pid ${pid}`);
    }
    const failed = Promise.race(
      processes.map(async (owned) => `${owned.options.name} ended with ${String(await owned.ended)}`),
    );
    await Promise.race([
      functionsAvailable(engine.url, [
        ...['math::add', 'math::add_two_numbers', 'http::add_two_numbers'],
        'state::update',
      ]),
      failed.then((reason) => Promise.reject(new Error(reason))),
    ]);
    return { ...engine, processes, failed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts an engine on the configuration of this project. */
export async function startEngine(
  options: QuickstartOptions,
  processes: OwnedProcess[],
): Promise<{ url: string; httpUrl: string }> {
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    const engine = new OwnedProcess({
      name: 'engine',
      command: process.execPath,
      args: [III, '-c', 'config.yaml'],
      cwd: HERE,
      env: {
        QUICKSTART_PORT: String(options.port),
        QUICKSTART_HTTP_PORT: String(options.httpPort),
        ...(options.dataDirectory === undefined ? {} : { QUICKSTART_DATA: options.dataDirectory }),
        III_LOG_FORMAT: 'text',
      },
      line: (line) => {
        lines.push(line);
        options.tell(`engine         ${line}`);
        const url = /workers on (ws:\/\/\S+)/.exec(lines.join('\n'))?.[1];
        const httpUrl = /http on (http:\/\/\S+)/.exec(lines.join('\n'))?.[1];
        if (url !== undefined && httpUrl !== undefined && / ready: /.test(line)) resolve({ url, httpUrl });
      },
    });
    processes.push(engine);
    void engine.ended.then((status) =>
      reject(new Error(`the engine ended with ${String(status)}:\n${lines.join('\n')}`)),
    );
  });
}

async function startMathWorker(
  env: Readonly<Record<string, string>>,
  processes: OwnedProcess[],
  tell: (line: string) => void,
): Promise<void> {
  const directory = path.join(HERE, 'workers/math-worker');
  const python = await preparePython(
    path.join(HERE, '.venv'),
    path.join(directory, 'requirements.txt'),
    (line) => tell(`math-worker    ${line}`),
  );
  if (python.available) {
    tell(`math-worker    runs on Python ${python.version} with the official iii-sdk`);
    startWorker(
      'math-worker',
      [python.executable, 'workers/math-worker/math_worker.py'],
      env,
      processes,
      tell,
    );
    return;
  }
  tell(`math-worker    ${python.reason}: its stand-in in TypeScript runs instead`);
  startWorker('math-worker', [...TYPESCRIPT, 'workers/math-worker-ts/worker.ts'], env, processes, tell);
}

function startWorker(
  name: string,
  [command, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  processes: OwnedProcess[],
  tell: (line: string) => void,
): void {
  const line = (text: string) => tell(`${name.padEnd(14)} ${text}`);
  processes.push(new OwnedProcess({ name, command, args, cwd: HERE, env, line }));
}

/** Resolves when functions of these ids are offered; the engine says when the list changes. */
async function functionsAvailable(url: string, ids: readonly string[]): Promise<void> {
  const watcher = registerWorker(url, { workerName: 'quickstart' });
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${ids.join(', ')} were not all offered within ${START_MS / 1000} s`)),
        START_MS,
      );
      const check = (functions: ReadonlyArray<{ function_id: string }>) => {
        const offered = new Set(functions.map(({ function_id }) => function_id));
        if (!ids.every((id) => offered.has(id))) return;
        clearTimeout(timer);
        resolve();
      };
      watcher.registerFunction(
        'quickstart::functions-changed',
        (event: { functions: Array<{ function_id: string }> }) => check(event.functions),
      );
      watcher.registerTrigger({
        type: 'engine::functions-available',
        function_id: 'quickstart::functions-changed',
        config: {},
      });
      watcher
        .trigger({ function_id: 'engine::functions::list' })
        .then(({ functions }) => check(functions), reject);
    });
  } finally {
    await watcher.shutdown();
  }
}
