import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { type Driver, usableDrivers } from '../drivers.js';
import type { LoadResult } from '../load/latencies.js';
import type { BenchOptions } from '../options.js';
import { type Figure, Gathering, type Result, type Section } from '../report/result.js';
import type { RoleProcess } from '../role-process.js';
import { Running } from '../running.js';
import type { ServerProcess } from '../servers/server-process.js';
import { startServer } from '../servers/servers.js';
import { ratioOf } from '../statistics.js';
import { verdict } from '../text.js';
import type { Keeper, StateTask } from './caller.js';

export interface StateBenchOptions extends BenchOptions {
  readonly inFlight: number;
  readonly valueBytes: number;
  /** Keys that are there while calls are measured. */
  readonly keys: number;
  /** Keys that memory is measured with. */
  readonly manyKeys: number;
  readonly turnMs: number;
  readonly turns: number;
}

const KEEPERS: readonly Keeper[] = ['state', 'redis'];
const NAMES: Readonly<Record<Keeper, string>> = {
  state: 'iii-state',
  redis: 'a worker on Redis',
};
/** Redis answers a write when the disk has it, as iii-state does. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];
const TARGETS = { set: { atLeast: 1.5 }, get: { atLeast: 1 } };

const CALL_FIGURES: readonly Figure[] = [
  { key: 'perSecond', title: 'calls/s', digits: 0 },
  { key: 'p50Ms', title: 'p50 ms', digits: 2 },
  { key: 'p99Ms', title: 'p99 ms', digits: 2 },
  { key: 'cpuUs', title: 'CPU µs/call of all', digits: 0 },
];
const MEMORY_FIGURES: readonly Figure[] = [
  { key: 'residentMiB', title: 'RSS MiB', digits: 0 },
  { key: 'diskMiB', title: 'disk MiB', digits: 0 },
];
const MIB = 1024 * 1024;
const MILLION = 1_000_000;

/** `state::set` and `state::get`, beside functions that do the same with Redis and are called through the same engine. */
export async function benchState(options: StateBenchOptions): Promise<Result> {
  const sections: Section[] = [];
  const verdicts: string[] = [];
  for (const driver of await usableDrivers(options.drivers, options.tell)) {
    const gathered = { set: new Gathering(), get: new Gathering(), memory: new Gathering() };
    for (let round = 1; round <= options.rounds; round++) await measure(gathered, driver, round, options);
    const { inFlight, valueBytes, manyKeys } = options;
    for (const kind of ['set', 'get'] as const) {
      sections.push({
        title: `${driver}: ${kind} of ${valueBytes} bytes, ${inFlight} calls in flight`,
        figures: CALL_FIGURES,
        series: gathered[kind].series(),
        baseline: { subject: NAMES.redis, figure: 'perSecond' },
      });
      const of = (keeper: Keeper) => gathered[kind].of(NAMES[keeper], 'perSecond');
      const ratio = verdict(ratioOf(of('state'), of('redis')), TARGETS[kind]);
      verdicts.push(`${driver}: ${kind}s per second ${ratio} of those of ${NAMES.redis}`);
    }
    sections.push({
      title: `${driver}: a million keys of ${valueBytes} bytes, from ${manyKeys} of them`,
      figures: MEMORY_FIGURES,
      series: gathered.memory.series(),
    });
  }
  return { bench: 'state', sections, verdicts };
}

type Gathered = Readonly<Record<'set' | 'get' | 'memory', Gathering>>;

/** Everything of a round: one engine, one caller, and both who keep values. */
interface Stage {
  readonly engine: RoleProcess;
  readonly directory: string;
  readonly caller: RoleProcess;
  readonly redis: ServerProcess;
  readonly redisWorker: RoleProcess;
}

async function measure(
  gathered: Gathered,
  driver: Driver,
  round: number,
  options: StateBenchOptions,
): Promise<void> {
  const { inFlight, valueBytes, keys, turnMs, turns, tell } = options;
  await using running = new Running();
  const stage = await open(running, driver, round, options);
  if (typeof stage === 'string') {
    for (const gathering of Object.values(gathered)) gathering.miss(NAMES.redis, stage);
    return;
  }
  const task = (kind: 'set' | 'get', keeper: Keeper): StateTask => ({
    ...{ kind, keeper, inFlight, keys, valueBytes },
    ms: turnMs,
  });
  for (const keeper of KEEPERS) {
    await stage.caller.ask({ kind: 'fill', keeper, keys, valueBytes } satisfies StateTask);
    for (const kind of ['set', 'get'] as const) await stage.caller.ask(task(kind, keeper));
  }
  for (let turn = 1; turn <= turns; turn++) {
    for (const kind of ['set', 'get'] as const) {
      // Each is first as often as the other.
      for (const keeper of turn % 2 === 1 ? KEEPERS : KEEPERS.toReversed()) {
        gathered[kind].add(NAMES[keeper], await timed(stage, task(kind, keeper)));
      }
    }
  }
  await fill(stage, gathered.memory, options);
  tell(`${driver} round ${round}`);
}

async function open(
  running: Running,
  driver: Driver,
  round: number,
  { profile }: StateBenchOptions,
): Promise<Stage | string> {
  const redis = await startServer('redis-server', DURABLE);
  if ('missing' in redis) return redis.missing;
  running.own(redis);
  const target = profile === undefined ? undefined : { directory: profile, name: `state-${driver}-${round}` };
  const engine = running.start('engine', 'state/engine.ts', [driver], target);
  const { port, directory } = await engine.report<{ port: number; directory: string }>();
  const address = `ws://127.0.0.1:${port}`;
  const redisWorker = running.start('Redis worker', 'state/redis-worker.ts', [address, String(redis.port)]);
  await redisWorker.report<'ready'>();
  const caller = running.start('caller', 'state/caller.ts', [address]);
  await caller.report<'ready'>();
  return { engine, directory, caller, redis, redisWorker };
}

/** With the processor time of everybody but the caller: each has the others idle beside it. */
async function timed({ engine, redis, redisWorker, caller }: Stage, task: StateTask) {
  const used = async () => {
    const usages = await Promise.all([engine.usage(), redisWorker.usage(), redis.usage()]);
    return usages.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  };
  const before = await used();
  const { calls, perSecond, p50Ms, p99Ms } = await caller.ask<LoadResult>(task);
  return { perSecond, p50Ms, p99Ms, cpuUs: (((await used()) - before) * 1_000) / calls };
}

/**
 * What as many keys again take, scaled to a million of them: whoever has been given that many before has the memory it
 * works with. Of the engine, part of it are pages of its file that can go.
 */
async function fill(
  { engine, redis, caller, directory }: Stage,
  memory: Gathering,
  options: StateBenchOptions,
): Promise<void> {
  const { manyKeys, valueBytes } = options;
  for (const keeper of KEEPERS) {
    const resident = async () => (await (keeper === 'state' ? engine.usage() : redis.usage())).residentBytes;
    const disk = async () => (keeper === 'state' ? bytesIn(directory) : Number.NaN);
    const fillTo = (keys: number) =>
      caller.ask({ kind: 'fill', keeper, keys, valueBytes } satisfies StateTask);
    await fillTo(manyKeys);
    const before = [await resident(), await disk()] as const;
    await fillTo(2 * manyKeys);
    const after = [await resident(), await disk()] as const;
    const each = (bytes: number) => ((bytes / manyKeys) * MILLION) / MIB;
    memory.add(NAMES[keeper], {
      residentMiB: each(after[0] - before[0]),
      diskMiB: each(after[1] - before[1]),
    });
  }
}

async function bytesIn(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  // Blocks that are taken, not the size a sparse file says it has.
  return files.reduce(
    (sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).blocks * 512,
    0,
  );
}
