import { createInterface } from 'node:readline/promises';
import { LIMITS, type Log } from 'iii-protocol';
import { createLog, runUntilSignal } from 'iii-worker';
import { announceExternal, announceListener } from './announce.js';
import { AbortedError, loadPlan } from './config/load.js';
import type { Plan } from './config/plan.js';
import { prepareHeap } from './heap.js';
import { House } from './house.js';
import { Reload } from './reload.js';

export interface ServeOptions {
  readonly configPath: string;
  readonly version: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Milliseconds the whole shutdown may take (cli-config-observability.md §8.4). */
const SHUTDOWN_MS = 10_000;

/** Runs the engine until SIGINT or SIGTERM, reloading on SIGHUP; resolves with the exit status. */
export async function serve(options: ServeOptions): Promise<number> {
  prepareHeap();
  const env = options.env ?? process.env;
  const log = createLog();
  let reload: Reload | undefined;
  const { isTTY } = process.stderr;
  const hangUp = () => {
    // Of a terminal that was closed; without one, it is the usual way to ask for this.
    if (isTTY || process.stdin.isTTY) {
      process.kill(process.pid, 'SIGTERM');
      return;
    }
    log.info({}, 'SIGHUP: reading the configuration again');
    void reload?.now();
  };
  // From the beginning, so that the signal never ends the process.
  process.on('SIGHUP', hangUp);
  try {
    const { configPath, version } = options;
    const { plan, text } = await loadPlan(configPath, {
      env,
      version,
      ...(isTTY && process.stdin.isTTY ? { ask } : {}),
      tell: (line) => void process.stderr.write(`${line}\n`),
    });
    const driver = driverFrom(env);
    const house = await House.start(plan, { version, log, ...(driver === undefined ? {} : { driver }) });
    const watching = new Reload({ house, file: configPath, text, env, version, log });
    reload = watching;
    announce(house, plan, options, log);
    const stop = async () => {
      const settled = watching.close();
      await house.stop();
      await settled;
    };
    return await runUntilSignal({ stop }, { log, stopTimeoutMs: SHUTDOWN_MS });
  } catch (error) {
    const message = error instanceof AbortedError ? 'aborted: no configuration' : (error as Error).message;
    process.stderr.write(`Error: ${message}\n`);
    return 1;
  } finally {
    process.off('SIGHUP', hangUp);
  }
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

const DRIVERS = ['auto', 'uws', 'node'] as const;

/** @throws Error naming the values that are possible. */
function driverFrom(env: Readonly<Record<string, string | undefined>>): (typeof DRIVERS)[number] | undefined {
  const asked = env.III_LISTENER;
  if (asked === undefined || asked === '') return undefined;
  const driver = DRIVERS.find((name) => name === asked);
  if (driver !== undefined) return driver;
  throw new Error(`III_LISTENER is "${asked}", which is none of ${DRIVERS.join(', ')}`);
}

/** Says what listens where, and what somebody should know about it. */
function announce(house: House, plan: Plan, options: ServeOptions, log: Log): void {
  log.info({}, `iii ${options.version}, configuration ${options.configPath}`);
  for (const listener of house.listeners) announceListener(listener, log);
  for (const { worker, purpose, address, driver } of house.endpoints) {
    log.info({}, `${worker}: ${purpose} on ${purpose}://${address} (driver ${driver})`);
  }
  announceExternal(plan.external, log);
  if (plan.workers.length === 0) {
    log.info({}, `no workers are configured; add iii-http to serve functions over HTTP`);
  }
  log.info(
    {},
    `ready: connect workers with III_URL=ws://127.0.0.1:${house.listeners[0]?.port ?? LIMITS.defaultPort}`,
  );
}
