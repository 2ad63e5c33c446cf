import { createInterface } from 'node:readline/promises';
import { LIMITS, type Log } from 'iii-protocol';
import { createLog, runUntilSignal } from 'iii-worker';
import { AbortedError, loadPlan } from './config/load.js';
import type { Plan } from './config/plan.js';
import { House } from './house.js';

export interface ServeOptions {
  readonly configPath: string;
  readonly version: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Milliseconds the whole shutdown may take (cli-config-observability.md §8.4). */
const SHUTDOWN_MS = 10_000;

/** Runs the engine until SIGINT or SIGTERM; resolves with the exit status. */
export async function serve(options: ServeOptions): Promise<number> {
  const env = options.env ?? process.env;
  const log = createLog();
  try {
    const { isTTY } = process.stderr;
    const plan = await loadPlan(options.configPath, {
      env,
      version: options.version,
      ...(isTTY && process.stdin.isTTY ? { ask } : {}),
      tell: (line) => void process.stderr.write(`${line}\n`),
    });
    const driver = driverFrom(env);
    const house = await House.start(plan, {
      version: options.version,
      log,
      ...(driver === undefined ? {} : { driver }),
    });
    announce(house, plan, options, log);
    return await runUntilSignal(house, { log, stopTimeoutMs: SHUTDOWN_MS });
  } catch (error) {
    const message = error instanceof AbortedError ? 'aborted: no configuration' : (error as Error).message;
    process.stderr.write(`Error: ${message}\n`);
    return 1;
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
  for (const { address, driver, host } of house.listeners) {
    log.info({}, `workers on ws://${address} (driver ${driver})`);
    if (!isLoopback(host)) {
      log.warn({}, `anyone who reaches ${address} can be a worker: no access rules are set for this port`);
    }
  }
  for (const { worker, purpose, address, driver } of house.endpoints) {
    log.info({}, `${worker}: ${purpose} on ${purpose}://${address} (driver ${driver})`);
  }
  for (const name of plan.external) {
    log.warn({}, `worker "${name}" is not started by this engine: start it yourself, it will connect`);
  }
  if (plan.workers.length === 0) {
    log.info({}, `no workers are configured; add iii-http to serve functions over HTTP`);
  }
  log.info(
    {},
    `ready: connect workers with III_URL=ws://127.0.0.1:${house.listeners[0]?.port ?? LIMITS.defaultPort}`,
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
