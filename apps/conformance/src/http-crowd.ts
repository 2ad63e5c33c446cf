import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { EngineProcess } from './engine-process.js';
import { bind, routed } from './http-client.js';
import { mib } from './idle.js';
import { registerOfficial } from './official.js';

/**
 * The default number of slots: slow uploads hold none, and slow downloads leave some. The timeout is shorter than what
 * uWebSockets.js gives an upload of less than 16 KiB a second, which is 8 to 12 s: such are to be told, not only cut.
 */
export const CROWDED = `
workers:
  - { name: iii-worker-manager, config: { port: 0 } }
  - { name: iii-http, config: { port: 0, default_timeout: 7000 } }
`;

/** File descriptors that a process needs besides those of the crowd. */
const SPARE_FILES = 500;
/** Connections of those whose answers are timed, and requests a second of all of them together. */
const PROBES = 4;
const PROBE_RATE = 200;

export interface HttpCrowdOptions {
  readonly engine: EngineProcess;
  /** Connections that are kept alive. */
  readonly connections: number;
  /** Slow uploads, of which half are too slow, and as many slow downloads. */
  readonly slow: number;
  /** Of each download, which has 1 MiB: slow enough to last while others are timed. Below 16 KiB it would be cut. */
  readonly bytesPerSecond: number;
  /** Milliseconds for which other requests are timed, alone and beside the crowd. */
  readonly measureMs: number;
  readonly progress?: (line: string) => void;
}

/** What the crowd has seen, see `workers/http-crowd.mjs`. */
interface Seen {
  readonly idle: { readonly open: number; readonly lost: number; readonly refreshed: number };
  readonly patient: { readonly answered: number; readonly wrong: number };
  readonly endless: {
    readonly timedOut: number;
    readonly cut: number;
    readonly wrong: number;
    readonly slowestMs: number;
  };
  readonly downloads: { readonly begun: number; readonly whole: number; readonly wrong: number };
}

export interface HttpCrowdReport {
  readonly seen: Seen;
  /** Milliseconds that other requests took: alone, while the crowd sets itself up, and beside it. */
  readonly alone: readonly number[];
  readonly arriving: readonly number[];
  readonly beside: readonly number[];
  /** Share of a core that the engine took beside the crowd. */
  readonly cpu: number;
  /** Downloads that had ended before all of that was measured. */
  readonly early: number;
  /** Other requests that did not get their answer. */
  readonly failed: number;
  /** Bytes of resident memory; `peak` while the crowd was there. */
  readonly before: number;
  readonly idle: number;
  readonly peak: number;
  readonly after: number;
  /** Sockets of the engine before, with all of the crowd, and once it was gone. */
  readonly sockets: readonly [before: number, during: number, after: number];
}

/** @throws Error when processes may not open as many files as the crowd has connections. */
export function refuseLowFileLimit(files: number): void {
  const limit = Number(/Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
  const needed = files + SPARE_FILES;
  if (limit >= needed) return;
  throw new Error(
    `ulimit -n is ${limit}, and ${needed} are needed: raise it, or ask for fewer --connections`,
  );
}

/** Serves a crowd of idle and slow clients, and times what others get meanwhile. */
export async function httpCrowd(options: HttpCrowdOptions): Promise<HttpCrowdReport> {
  const { engine, connections, slow, bytesPerSecond, measureMs, progress = () => {} } = options;
  refuseLowFileLimit(connections + 2 * slow);
  const app = registerOfficial(engine.url, 'crowd-app');
  const prober = new Prober(`${engine.httpUrl}/small`);
  let crowd: Crowd | undefined;
  let peak = 0;
  const sampling = setInterval(() => {
    peak = Math.max(peak, engine.residentBytes);
  }, 100);
  try {
    bind(app, { api_path: '/small' }, () => ({ body: { small: true } }));
    await routed(`${engine.httpUrl}/small`);
    // What runs for the first time is slower.
    await prober.during(pause(2_000));
    const alone = await prober.during(pause(measureMs));
    const [before, socketsBefore] = [engine.residentBytes, socketsOf(engine)];
    progress(`alone: ${mib(before)} MiB, ${socketsBefore} sockets`);
    crowd = await Crowd.start(engine, [connections, slow, bytesPerSecond]);
    await crowd.reached('idle');
    const idle = engine.residentBytes;
    progress(`with ${connections} idle connections: ${mib(idle)} MiB`);
    peak = idle;
    crowd.tell('go on');
    const arriving = await prober.during(crowd.reached('slow'));
    progress(`with ${slow} slow uploads and ${slow} slow downloads: ${mib(engine.residentBytes)} MiB`);
    const spent = engine.cpuSeconds;
    const beside = await prober.during(pause(measureMs));
    const cpu = (engine.cpuSeconds - spent) / (measureMs / 1_000);
    const during = socketsOf(engine);
    // Until what began has ended, well or badly.
    let seen = await crowd.seen();
    const early = seen.downloads.whole + seen.downloads.wrong;
    while (
      seen.downloads.whole + seen.downloads.wrong < slow ||
      seen.endless.cut + seen.endless.wrong < slow / 2
    ) {
      await pause(200);
      seen = await crowd.seen();
    }
    const reached = peak;
    await crowd.leave();
    const socketsAfter = await until(() => socketsOf(engine), socketsBefore);
    const after = engine.residentBytes;
    progress(`after: ${mib(after)} MiB, ${socketsAfter} sockets`);
    const sockets = [socketsBefore, during, socketsAfter] as const;
    const { failed } = prober;
    const memory = { before, idle, peak: reached, after };
    return { seen, alone, arriving, beside, cpu, early, failed, ...memory, sockets };
  } finally {
    clearInterval(sampling);
    await crowd?.leave();
    prober.close();
    await app.shutdown();
  }
}

function launch(script: string, args: readonly string[], nodeArgs: readonly string[] = []): ChildProcess {
  const file = path.resolve(import.meta.dirname, '../workers', script);
  return spawn(process.execPath, [...nodeArgs, file, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** Room for all that the slow clients allocate: looking through thousands of sockets for garbage takes all processors. */
const ROOMY = ['--initial-old-space-size=1024'];

/** The slow clients and the worker that serves them, each in a process of its own. */
class Crowd {
  private constructor(
    private readonly child: ChildProcess,
    private readonly worker: ChildProcess,
  ) {}

  static async start({ url, httpUrl }: EngineProcess, sizes: readonly number[]): Promise<Crowd> {
    const worker = launch('http-crowd-worker.mjs', [url]);
    await once(worker, 'message');
    return new Crowd(launch('http-crowd.mjs', [httpUrl, ...sizes.map(String)], ROOMY), worker);
  }

  tell(message: string): void {
    this.child.send(message);
  }

  async reached(phase: 'idle' | 'slow' | 'report'): Promise<Seen> {
    const done = new AbortController();
    const { signal } = done;
    const said = Promise.race([
      once(this.child, 'message', { signal }),
      once(this.child, 'exit', { signal }),
    ]);
    const [message] = (await said.finally(() => done.abort())) as [{ phase: string; report: Seen } | number];
    if (typeof message === 'object' && message.phase === phase) return message.report;
    throw new Error(`the crowd said ${JSON.stringify(message)} before it was ${phase}`);
  }

  seen(): Promise<Seen> {
    const told = this.reached('report');
    this.tell('report');
    return told;
  }

  async leave(): Promise<void> {
    for (const process of [this.child, this.worker]) {
      if (process.exitCode !== null || process.signalCode !== null) continue;
      const ended = once(process, 'exit');
      process.kill('SIGKILL');
      await ended;
    }
  }
}

/** Requests at a steady rate on a few connections, timed from when each was due. */
class Prober {
  failed = 0;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: PROBES });

  constructor(private readonly url: string) {}

  /** Milliseconds each request took that was due while the work was under way. */
  async during(work: Promise<unknown>): Promise<number[]> {
    const took: number[] = [];
    const open = new Set<Promise<void>>();
    let isOver = false;
    const ended = work.finally(() => {
      isOver = true;
    });
    const from = performance.now();
    for (let n = 0; !isOver; n++) {
      const due = from + (n * 1_000) / PROBE_RATE;
      if (due > performance.now()) await pause(due - performance.now());
      const asked = performance.now();
      const one: Promise<void> = this.#ask()
        .then((status) => {
          if (status !== 200) this.failed++;
          took.push(performance.now() - asked);
        })
        .finally(() => open.delete(one));
      open.add(one);
    }
    await Promise.all(open);
    await ended;
    return took;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** @returns 0 when there was no answer. */
  #ask(): Promise<number> {
    return new Promise((resolve) => {
      http
        .get(this.url, { agent: this.#agent }, (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
          response.on('error', () => resolve(0));
        })
        .on('error', () => resolve(0));
    });
  }
}

/** Sockets that the process has open. */
function socketsOf({ child: { pid } }: EngineProcess): number {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).filter((file) => {
    try {
      return readlinkSync(path.join(directory, file)).startsWith('socket:');
    } catch {
      // Closed since it was listed.
      return false;
    }
  }).length;
}

/** Waits up to 20 s for a figure to come down; the last one seen. */
async function until(measure: () => number, most: number): Promise<number> {
  for (let waited = 0; measure() > most && waited < 20_000; waited += 100) await pause(100);
  return measure();
}
