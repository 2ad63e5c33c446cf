import { type Driver, usableDrivers } from '../drivers.js';
import type { BenchOptions } from '../options.js';
import { Running } from '../running.js';
import { median, ratioOf } from '../statistics.js';
import { table, verdict } from '../text.js';
import type { ClientKind } from './client.js';
import { Line, type Server } from './line.js';

export interface CallsBenchOptions extends BenchOptions {
  readonly client: ClientKind;
  readonly inFlight: number;
  readonly seconds: number;
}

interface Sample {
  /** With many calls in flight. */
  readonly perSecond: number;
  readonly cpuUsPerCall: number;
  /** With one call in flight. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

type Samples = Readonly<Record<Server, Sample[]>>;

/** DESIGN §9. */
const CPU_TARGET = { atMost: 1.3 };
const P99_TARGET = { atMost: 1.5 };
const WARM_UP_MS = 1_500;
/** Turns of a round. Short ones, so that what else the machine does meets both sides of a pair, or only a few pairs. */
const TURNS = 8;

/** A caller, an executor, and either the engine or a bare relay between them, in turn. */
export async function benchCalls(options: CallsBenchOptions): Promise<string> {
  const { rounds, client, inFlight, tell } = options;
  const rows: string[][] = [];
  const verdicts: string[] = [];
  for (const driver of await usableDrivers(options.drivers, tell)) {
    const samples: Samples = { relay: [], engine: [] };
    for (let round = 1; round <= rounds; round++) {
      await measure(samples, driver, round, options);
      tell(`${driver} round ${round}: CPU per call ${ratio(samples, 'cpuUsPerCall').toFixed(2)}x so far`);
    }
    rows.push(row(driver, 'relay', samples.relay), row(driver, 'engine', samples.engine));
    const cpu = verdict(ratio(samples, 'cpuUsPerCall'), CPU_TARGET);
    const p99 = verdict(ratio(samples, 'p99Ms'), P99_TARGET);
    verdicts.push(`${driver}: CPU per call ${cpu}, p99 of one call ${p99} of the relay's`);
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

/** One round with processes of its own: both lines are there all the time, and one of them is in use. */
async function measure(
  samples: Samples,
  driver: Driver,
  round: number,
  { client, inFlight, seconds, profile }: CallsBenchOptions,
): Promise<void> {
  await using running = new Running();
  const target = profile === undefined ? undefined : { directory: profile, name: `calls-${driver}-${round}` };
  const lines: Readonly<Record<Server, Line>> = {
    relay: await Line.open('relay', running, { driver, client }),
    engine: await Line.open('engine', running, { driver, client, profile: target }),
  };
  for (const line of Object.values(lines)) {
    await line.call({ inFlight, ms: WARM_UP_MS });
    await line.call({ inFlight: 1, ms: WARM_UP_MS / 3 });
  }
  const ms = (seconds * 1_000) / TURNS;
  for (let turn = 1; turn <= TURNS; turn++) {
    const order: readonly Server[] = turn % 2 === 1 ? ['relay', 'engine'] : ['engine', 'relay'];
    for (const server of order) {
      const { perSecond, cpuUsPerCall } = await lines[server].measure({ inFlight, ms });
      const { p50Ms, p99Ms } = await lines[server].call({ inFlight: 1, ms });
      samples[server].push({ perSecond, cpuUsPerCall, p50Ms, p99Ms });
    }
  }
}

function ratio({ engine, relay }: Samples, figure: keyof Sample): number {
  return ratioOf(
    engine.map((sample) => sample[figure]),
    relay.map((sample) => sample[figure]),
  );
}

function row(driver: Driver, server: Server, samples: readonly Sample[]): string[] {
  const of = (figure: keyof Sample, digits: number) =>
    median(samples.map((sample) => sample[figure])).toFixed(digits);
  return [driver, server, of('cpuUsPerCall', 1), of('perSecond', 0), of('p50Ms', 3), of('p99Ms', 3)];
}
