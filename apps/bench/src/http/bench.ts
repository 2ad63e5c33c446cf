import { type Driver, usableDrivers } from '../drivers.js';
import { PAYLOAD } from '../payload.js';
import { Running } from '../running.js';
import { median, ratioOf } from '../statistics.js';
import { table, verdict } from '../text.js';
import type { LoadResult, LoadTask } from './load.js';
import { LABELS, type SetupName, serve } from './setups.js';

export interface HttpBenchOptions {
  readonly drivers: readonly Driver[];
  readonly connections: number;
  readonly seconds: number;
  readonly rounds: number;
  /** Directory for profiles of the engine. */
  readonly profile?: string;
  readonly tell: (line: string) => void;
}

interface Round {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly entryUs: number;
  readonly behindUs: number;
}

/** Requests per second, of baseline (b). */
const TARGET = { atLeast: 1 };
const WARM_UP_SECONDS = 2;

/** A JSON echo behind a function, beside fastify that answers itself or asks another process, in turn. */
export async function benchHttp(options: HttpBenchOptions): Promise<string> {
  const drivers = await usableDrivers(options.drivers, options.tell);
  const subjects = drivers.map((driver): SetupName => `iii-${driver}`);
  const names: readonly SetupName[] = ['direct', 'gateway', ...subjects];
  const results = new Map<SetupName, Round[]>(names.map((name) => [name, []]));
  for (let round = 1; round <= options.rounds; round++) {
    // Every setup is first, and last, about as often as the others.
    const order = round % 2 === 1 ? names : names.toReversed();
    for (const name of order) {
      const result = await measure(name, round, options);
      results.get(name)?.push(result);
      options.tell(`round ${round} ${LABELS[name]}: ${result.perSecond.toFixed(0)} requests/s`);
    }
  }
  const figures = (name: SetupName, pick: (round: Round) => number) => (results.get(name) ?? []).map(pick);
  const perSecond = (name: SetupName) => figures(name, (round) => round.perSecond);
  const rows = names.map((name) => {
    const of = (pick: (round: Round) => number, digits: number) =>
      median(figures(name, pick)).toFixed(digits);
    return [
      LABELS[name],
      of((round) => round.perSecond, 0),
      of((round) => round.p50Ms, 2),
      of((round) => round.p99Ms, 2),
      of((round) => round.entryUs, 0),
      name === 'direct' ? '' : of((round) => round.behindUs, 0),
      of((round) => round.entryUs + round.behindUs, 0),
    ];
  });
  const verdicts = subjects.map((name) => {
    const ofGateway = ratioOf(perSecond(name), perSecond('gateway'));
    const ofDirect = ratioOf(perSecond(name), perSecond('direct'));
    return `${LABELS[name]}: ${verdict(ofGateway, TARGET)} the requests/s of (b), ${ofDirect.toFixed(2)}x of (a)`;
  });
  const titles = ['setup', 'requests/s', 'p50 ms', 'p99 ms', 'CPU µs/request entry', 'behind', 'both'];
  return `${options.connections} connections\n${table(titles, rows)}\n\n${verdicts.join('\n')}`;
}

async function measure(name: SetupName, round: number, options: HttpBenchOptions): Promise<Round> {
  const { connections, seconds, profile } = options;
  await using running = new Running();
  const target = profile === undefined ? undefined : { directory: profile, name: `http-${name}-${round}` };
  const { port, entry, behind } = await serve(name, running, { connections, profile: target });
  await echoing(port);
  const load = running.start('load', 'http/load.ts');
  await load.report<'ready'>();
  await load.ask<LoadResult>({ port, connections, seconds: WARM_UP_SECONDS } satisfies LoadTask);
  const used = async () =>
    Promise.all([entry, behind].map(async (role) => (await role?.usage())?.cpuMs ?? 0));
  const before = await used();
  const result = await load.ask<LoadResult>({ port, connections, seconds } satisfies LoadTask);
  const after = await used();
  if (result.wrong > 0) {
    throw new Error(
      `${LABELS[name]}: ${result.wrong} of ${result.requests} requests were not answered as they should`,
    );
  }
  const usPerRequest = (at: number) => (((after[at] ?? 0) - (before[at] ?? 0)) * 1_000) / result.requests;
  const { perSecond, p50Ms, p99Ms } = result;
  return { perSecond, p50Ms, p99Ms, entryUs: usPerRequest(0), behindUs: usPerRequest(1) };
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
