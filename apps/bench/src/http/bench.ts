import { usableDrivers } from '../drivers.js';
import type { BenchOptions } from '../options.js';
import { PAYLOAD } from '../payload.js';
import type { RoleProcess } from '../role-process.js';
import { Running } from '../running.js';
import { median, ratioOf } from '../statistics.js';
import { table, verdict } from '../text.js';
import type { LoadResult, LoadTask } from './load.js';
import { LABELS, type Serving, type SetupName, serve } from './setups.js';

export interface HttpBenchOptions extends BenchOptions {
  readonly connections: number;
  readonly seconds: number;
}

interface Sample {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of each request, in the process that takes it, and in the one that is asked. */
  readonly entryUs: number;
  readonly behindUs: number;
}

type Samples = ReadonlyMap<SetupName, Sample[]>;

/** Requests per second, of baseline (b). */
const TARGET = { atLeast: 1 };
const WARM_UP_SECONDS = 2;
/** A short turn, so that what else the machine does meets all setups, or only a few turns. */
const TURN_SECONDS = 1;

/** A JSON echo behind a function, beside fastify that answers itself or asks another process, in turn. */
export async function benchHttp(options: HttpBenchOptions): Promise<string> {
  const { rounds, connections, tell } = options;
  const drivers = await usableDrivers(options.drivers, tell);
  const subjects = drivers.map((driver): SetupName => `iii-${driver}`);
  const names: readonly SetupName[] = ['direct', 'gateway', ...subjects];
  const samples: Samples = new Map(names.map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    await measure(samples, round, options);
    const ratios = subjects.map((name) => `${LABELS[name]} ${ratio(samples, name, 'gateway').toFixed(2)}x`);
    tell(`round ${round}: ${ratios.join(', ')} of (b) so far`);
  }
  const rows = [...samples].map(([name, of]) => row(name, of));
  const verdicts = subjects.map((name) => {
    const ofGateway = verdict(ratio(samples, name, 'gateway'), TARGET);
    const ofDirect = ratio(samples, name, 'direct').toFixed(2);
    return `${LABELS[name]}: ${ofGateway} the requests/s of (b), ${ofDirect}x of (a)`;
  });
  const titles = ['setup', 'requests/s', 'p50 ms', 'p99 ms', 'CPU µs/request entry', 'behind', 'both'];
  return `${connections} connections\n${table(titles, rows)}\n\n${verdicts.join('\n')}`;
}

/** One round with processes of its own: all setups are there all the time, and one of them is in use. */
async function measure(samples: Samples, round: number, options: HttpBenchOptions): Promise<void> {
  const { connections, seconds, profile } = options;
  await using running = new Running();
  const load = running.start('load', 'http/load.ts');
  await load.report<'ready'>();
  const setups: Array<readonly [SetupName, Serving]> = [];
  for (const name of samples.keys()) {
    const target = profile === undefined ? undefined : { directory: profile, name: `http-${name}-${round}` };
    const serving = await serve(name, running, { connections, profile: target });
    await echoing(serving.port);
    await send(load, name, { port: serving.port, connections, seconds: WARM_UP_SECONDS });
    setups.push([name, serving]);
  }
  for (let turn = 0; turn < seconds / TURN_SECONDS; turn++) {
    // Every setup is first, and last, about as often as the others.
    for (const [name, serving] of turn % 2 === 0 ? setups : setups.toReversed()) {
      const task = { port: serving.port, connections, seconds: TURN_SECONDS };
      const before = await cpuOf(serving);
      const { requests, perSecond, p50Ms, p99Ms } = await send(load, name, task);
      const after = await cpuOf(serving);
      const us = (of: keyof typeof after) => ((after[of] - before[of]) * 1_000) / requests;
      samples.get(name)?.push({ perSecond, p50Ms, p99Ms, entryUs: us('entry'), behindUs: us('behind') });
    }
  }
}

/** @throws Error when a request was not answered with what it carried. */
async function send(load: RoleProcess, name: SetupName, task: LoadTask): Promise<LoadResult> {
  const result = await load.ask<LoadResult>(task);
  const { wrong, requests } = result;
  if (wrong === 0) return result;
  throw new Error(
    `${LABELS[name]}: ${wrong} of ${requests} requests were not answered with what they carried`,
  );
}

/** Milliseconds of processor time so far. */
async function cpuOf({ entry, behind }: Serving) {
  return { entry: (await entry.usage()).cpuMs, behind: (await behind?.usage())?.cpuMs ?? 0 };
}

function ratio(samples: Samples, subject: SetupName, baseline: SetupName): number {
  const rates = (name: SetupName) => (samples.get(name) ?? []).map(({ perSecond }) => perSecond);
  return ratioOf(rates(subject), rates(baseline));
}

function row(name: SetupName, samples: readonly Sample[]): string[] {
  const of = (pick: (sample: Sample) => number, digits: number) => median(samples.map(pick)).toFixed(digits);
  return [
    LABELS[name],
    of(({ perSecond }) => perSecond, 0),
    of(({ p50Ms }) => p50Ms, 2),
    of(({ p99Ms }) => p99Ms, 2),
    of(({ entryUs }) => entryUs, 0),
    name === 'direct' ? '' : of(({ behindUs }) => behindUs, 0),
    of(({ entryUs, behindUs }) => entryUs + behindUs, 0),
  ];
}

/** Resolves when the route answers: it is bound a moment after the handler has connected. */
async function echoing(port: number): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: PAYLOAD,
    });
    const text = await response.text();
    if (text === PAYLOAD) return;
    if (performance.now() > deadline) throw new Error(`POST /echo answers ${response.status} ${text}`);
  }
}
