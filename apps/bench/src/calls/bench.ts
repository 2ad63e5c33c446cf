import { type Driver, usableDrivers } from '../drivers.js';
import { Running } from '../running.js';
import { median, ratioOf } from '../statistics.js';
import { table, verdict } from '../text.js';
import type { CallResult, CallTask } from './caller.js';
import type { ClientKind } from './client.js';

export interface CallsBenchOptions {
  readonly drivers: readonly Driver[];
  readonly client: ClientKind;
  readonly inFlight: number;
  readonly seconds: number;
  readonly rounds: number;
  /** Directory for profiles of the engine. */
  readonly profile?: string;
  readonly tell: (line: string) => void;
}

const SERVERS = { relay: 'calls/relay.ts', engine: 'engine-process.ts' } as const;
type Server = keyof typeof SERVERS;

interface Round {
  /** With many calls in flight. */
  readonly perSecond: number;
  readonly cpuUsPerCall: number;
  /** With one call in flight. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** DESIGN §9. */
const CPU_TARGET = { atMost: 1.3 };
const P99_TARGET = { atMost: 1.5 };
const WARM_UP_MS = 1_500;

/** A caller, an executor, and either the engine or a bare relay between them, in turn. */
export async function benchCalls(options: CallsBenchOptions): Promise<string> {
  const { rounds, client, inFlight, tell } = options;
  const rows: string[][] = [];
  const verdicts: string[] = [];
  for (const driver of await usableDrivers(options.drivers, tell)) {
    const results: Record<Server, Round[]> = { relay: [], engine: [] };
    for (let round = 1; round <= rounds; round++) {
      // Whoever is second meets a warmer machine.
      const order: readonly Server[] = round % 2 === 1 ? ['relay', 'engine'] : ['engine', 'relay'];
      for (const server of order) {
        const result = await measure(server, driver, round, options);
        results[server].push(result);
        tell(`${driver} round ${round} ${server}: ${result.cpuUsPerCall.toFixed(1)} µs/call`);
      }
    }
    for (const server of ['relay', 'engine'] as const) {
      const of = (pick: (round: Round) => number, digits: number) =>
        median(results[server].map(pick)).toFixed(digits);
      rows.push([
        driver,
        server,
        of(({ cpuUsPerCall }) => cpuUsPerCall, 1),
        of(({ perSecond }) => perSecond, 0),
        of(({ p50Ms }) => p50Ms, 3),
        of(({ p99Ms }) => p99Ms, 3),
      ]);
    }
    const ratio = (pick: (round: Round) => number) =>
      ratioOf(results.engine.map(pick), results.relay.map(pick));
    verdicts.push(
      `${driver}: CPU per call ${verdict(
        ratio(({ cpuUsPerCall }) => cpuUsPerCall),
        CPU_TARGET,
      )}, p99 of one call ${verdict(
        ratio(({ p99Ms }) => p99Ms),
        P99_TARGET,
      )} of the relay's`,
    );
  }
  const titles = [
    'driver',
    'server',
    `CPU µs/call at ${inFlight}`,
    `calls/s at ${inFlight}`,
    'p50 ms at 1',
    'p99 ms at 1',
  ];
  return `caller and executor: ${client} SDK\n${table(titles, rows)}\n\n${verdicts.join('\n')}`;
}

async function measure(
  server: Server,
  driver: Driver,
  round: number,
  options: CallsBenchOptions,
): Promise<Round> {
  const { client, inFlight, profile } = options;
  const ms = options.seconds * 1_000;
  await using running = new Running();
  const target =
    server === 'relay' || profile === undefined
      ? undefined
      : { directory: profile, name: `calls-${driver}-${round}` };
  const between = running.start(server, SERVERS[server], [driver], target);
  const { port } = await between.report<{ port: number }>();
  // The relay tells its clients apart by the path; the engine takes workers on `/`.
  const address = (end: string) => `ws://127.0.0.1:${port}/${server === 'relay' ? end : ''}`;
  const executor = running.start('executor', 'calls/executor.ts', [client, address('executor')]);
  await executor.report<'ready'>();
  const caller = running.start('caller', 'calls/caller.ts', [client, address('caller')]);
  await caller.report<'ready'>();
  if (server === 'relay') await between.report<'paired'>();
  const call = (task: CallTask) => caller.ask<CallResult>(task);
  await call({ inFlight, ms: WARM_UP_MS });
  const before = await between.usage();
  const many = await call({ inFlight, ms });
  const after = await between.usage();
  await call({ inFlight: 1, ms: WARM_UP_MS / 3 });
  const one = await call({ inFlight: 1, ms });
  return {
    perSecond: many.perSecond,
    cpuUsPerCall: ((after.cpuMs - before.cpuMs) * 1_000) / many.calls,
    p50Ms: one.p50Ms,
    p99Ms: one.p99Ms,
  };
}
