import { type Driver, usableDrivers } from '../drivers.js';
import { Line, type LineOptions } from '../invoke/line.js';
import type { LoadResult } from '../load/latencies.js';
import type { BenchOptions } from '../options.js';
import { Gathering, type Result, type Section } from '../report/result.js';
import type { ProfileTarget } from '../role-process.js';
import { Running } from '../running.js';
import { ratioOf } from '../statistics.js';
import { verdict as verdictOf } from '../text.js';

export interface LargeBenchOptions extends BenchOptions {
  readonly largeBytes: number;
  readonly perSecond: number;
  readonly ms: number;
}

const WITHOUT = 'without large payloads';
const WITH = 'with one a second';
const SMALL_BYTES = 64;
const TARGET = { atMost: 2 };

interface Way {
  /**
   * What is between callers and workers. *apart*: the engine has the small calls, and a relay of their own the large ones,
   * so that these cost the engine nothing: what is left is what their callers and workers do to the machine.
   */
  readonly between: 'engine' | 'relay' | 'apart';
  readonly subject: (driver: Driver) => string;
  readonly verdict: (ratio: number) => string;
}

const WAYS: readonly Way[] = [
  {
    between: 'engine',
    subject: (driver) => `iii (${driver})`,
    verdict: (ratio) => `p99 of others ${verdictOf(ratio, TARGET)} of that without`,
  },
  {
    between: 'relay',
    subject: (driver) => `relay (${driver})`,
    verdict: (ratio) => `through the relay that is ${ratio.toFixed(2)}x`,
  },
  {
    between: 'apart',
    subject: (driver) => `iii (${driver}), large ones through a relay`,
    verdict: (ratio) => `where the engine has nothing to do with them it is ${ratio.toFixed(2)}x`,
  },
];

/** What a large payload every second does to the small calls of others. */
export async function benchLarge(options: LargeBenchOptions): Promise<Result> {
  const sections: Section[] = [];
  const verdicts: string[] = [];
  const { perSecond, largeBytes } = options;
  for (const driver of await usableDrivers(options.drivers, options.tell)) {
    for (const { between, subject, verdict } of WAYS) {
      const gathering = new Gathering();
      for (let round = 1; round <= options.rounds; round++) {
        const profile = profileOf(options, driver, between, round);
        for (const [name, result] of await measure(driver, between, options, profile))
          gathering.add(name, { ...result });
        options.tell(`${driver} round ${round}: ${subject(driver)}`);
      }
      sections.push({
        title: `${subject(driver)}: ${perSecond} calls/s of ${SMALL_BYTES} B, ${largeBytes / 1024 / 1024} MiB each second`,
        figures: [
          { key: 'p50Ms', title: 'p50 ms', digits: 2 },
          { key: 'p90Ms', title: 'p90 ms', digits: 2 },
          { key: 'p99Ms', title: 'p99 ms', digits: 2 },
          { key: 'p999Ms', title: 'p99.9 ms', digits: 2 },
          { key: 'largeMs', title: 'large p50 ms', digits: 0 },
        ],
        series: gathering.series(),
        baseline: { subject: WITHOUT, figure: 'p99Ms' },
      });
      const ratio = ratioOf(gathering.of(WITH, 'p99Ms'), gathering.of(WITHOUT, 'p99Ms'));
      verdicts.push(`${driver}: ${verdict(ratio)}`);
    }
  }
  return { bench: 'large', sections, verdicts };
}

function profileOf(
  { profile }: LargeBenchOptions,
  driver: Driver,
  between: Way['between'],
  round: number,
): ProfileTarget | undefined {
  if (profile === undefined) return undefined;
  return { directory: profile, name: `large-${driver}-${between}-${round}` };
}

type Measured = LoadResult & { readonly largeMs: number };

async function open(running: Running, options: LineOptions): Promise<Line> {
  const line = await Line.open(running, options);
  if (line instanceof Line) return line;
  throw new Error(line.missing);
}

/** Small and large calls go from callers of their own to workers of their own. */
async function measure(
  driver: Driver,
  between: Way['between'],
  { largeBytes, perSecond, ms }: LargeBenchOptions,
  profile: ProfileTarget | undefined,
): Promise<ReadonlyArray<readonly [string, Measured]>> {
  await using running = new Running();
  const isApart = between === 'apart';
  const options = { driver, client: 'own', workers: 1 } as const;
  const small = await open(running, { ...options, between: isApart ? 'engine' : between, profile });
  const large = isApart ? await open(running, { ...options, between: 'relay' }) : await small.beside(running);
  const calls = { payloadBytes: SMALL_BYTES, loop: { kind: 'open', perSecond, ms } } as const;
  const payloads = { payloadBytes: largeBytes, loop: { kind: 'open', perSecond: 1, ms } } as const;
  await small.call({ ...calls, loop: { ...calls.loop, ms: ms / 4 } });
  await large.call({ ...payloads, loop: { ...payloads.loop, ms: Math.min(ms, 2_000) } });
  const without = await small.call(calls);
  const [alongside, largeCalls] = await Promise.all([small.call(calls), large.call(payloads)]);
  return [
    [WITHOUT, { ...without, largeMs: Number.NaN }],
    [WITH, { ...alongside, largeMs: largeCalls.p50Ms }],
  ];
}
