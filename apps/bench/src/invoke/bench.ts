import { type Driver, usableDrivers } from '../drivers.js';
import type { BenchOptions } from '../options.js';
import { type Figure, Gathering, type Result, type Section } from '../report/result.js';
import { Running } from '../running.js';
import { ratioOf } from '../statistics.js';
import { verdict } from '../text.js';
import type { CallTask } from './caller.js';
import { type Case, type CaseChoice, casesOf, titleOf } from './cases.js';
import { Line } from './line.js';
import { names, subjectsOn } from './subjects.js';

export interface InvokeBenchOptions extends BenchOptions, CaseChoice {
  /** Milliseconds each subject is called, as often as it can be, before anything is measured. */
  readonly warmUpMs: number;
  /** Milliseconds each subject is measured in a turn. */
  readonly turnMs: number;
  /** Times each subject is measured in a round, in turns. */
  readonly turns: number;
}

/** Enough for compilers to have seen all there is: with one call in flight they would be at it for seconds. */
const WARM_UP = { payloadBytes: 64, inFlight: 64 };

const FIGURES: readonly Figure[] = [
  { key: 'perSecond', title: 'calls/s', digits: 0 },
  { key: 'p50Ms', title: 'p50 ms', digits: 3 },
  { key: 'p90Ms', title: 'p90 ms', digits: 3 },
  { key: 'p99Ms', title: 'p99 ms', digits: 3 },
  { key: 'p999Ms', title: 'p99.9 ms', digits: 3 },
  { key: 'cpuUs', title: 'CPU µs/call', digits: 1 },
  { key: 'residentMiB', title: 'RSS MiB', digits: 0 },
];

/** A function of another process is called: through the engine, through a bare relay, and in other ways. */
export async function benchInvoke(options: InvokeBenchOptions): Promise<Result> {
  const sections: Section[] = [];
  const verdicts: string[] = [];
  for (const driver of await usableDrivers(options.drivers, options.tell)) {
    const gathered = new Map(casesOf(options).map((each) => [each, new Gathering()]));
    for (let round = 1; round <= options.rounds; round++) await measure(gathered, driver, round, options);
    for (const [each, gathering] of gathered) {
      sections.push({
        title: `${driver}: ${titleOf(each)}`,
        figures: FIGURES,
        series: gathering.series(),
        baseline: { subject: names(driver).relay, figure: each.inFlight === 1 ? 'p99Ms' : 'cpuUs' },
      });
      verdicts.push(...verdictsOf(driver, each, gathering));
    }
  }
  return { bench: 'invoke', sections, verdicts };
}

/** One round with processes of its own: all lines are there all the time, and one of them is in use. */
async function measure(
  gathered: ReadonlyMap<Case, Gathering>,
  driver: Driver,
  round: number,
  options: InvokeBenchOptions,
): Promise<void> {
  const { turnMs, turns, profile, tell } = options;
  for (const workers of new Set([...gathered.keys()].map((each) => each.workers))) {
    await using running = new Running();
    const cases = [...gathered].filter(([each]) => each.workers === workers);
    const lines = new Map<string, Line>();
    for (const [subject, line] of subjectsOn(driver)) {
      const isProfiled = profile !== undefined && line.between !== 'nats' && line.between !== 'nothing';
      const target = isProfiled
        ? { directory: profile, name: `${subject.replaceAll(/[^a-z]+/g, '-')}-${workers}-${round}` }
        : undefined;
      const opened = await Line.open(running, { ...line, workers, profile: target });
      if (opened instanceof Line) lines.set(subject, opened);
      else for (const [, gathering] of cases) gathering.miss(subject, opened.missing);
    }
    for (const line of lines.values()) await line.call(taskOf(WARM_UP, options.warmUpMs));
    for (const [each, gathering] of cases) {
      const task = (ms: number) => taskOf(each, ms);
      for (const line of lines.values()) await line.call(task(turnMs));
      for (let turn = 1; turn <= turns; turn++) {
        // Every subject is first, and last, about as often as the others.
        for (const [subject, line] of turn % 2 === 1 ? lines : [...lines].reverse()) {
          gathering.add(subject, { ...(await line.measure(task(turnMs))) });
        }
      }
      tell(`${driver} round ${round}: ${titleOf(each)}`);
    }
  }
}

function taskOf(
  { payloadBytes, inFlight }: { readonly payloadBytes: number; readonly inFlight: number },
  ms: number,
): CallTask {
  return { payloadBytes, loop: { kind: 'closed', inFlight, ms } };
}

/** DESIGN §9, and what our client is worth. */
function verdictsOf(driver: Driver, each: Case, gathering: Gathering): string[] {
  const { relay, postingRelay, engine, official } = names(driver);
  const ratio = (figure: string, subject: string, baseline: string) =>
    ratioOf(gathering.of(subject, figure), gathering.of(baseline, figure));
  if (each.workers !== 1 || each.payloadBytes > 1024) return [];
  if (each.inFlight === 1) {
    const p99 = verdict(ratio('p99Ms', engine, relay), { atMost: 1.5 });
    return [`${driver}, ${titleOf(each)}: p99 ${p99} of the relay's`];
  }
  if (each.inFlight !== 64) return [];
  const cpu = verdict(ratio('cpuUs', engine, relay), { atMost: 1.3 });
  const posting = ratio('cpuUs', engine, postingRelay).toFixed(2);
  const calls = verdict(ratio('perSecond', engine, official), { atLeast: 1.3 });
  return [
    `${driver}, ${titleOf(each)}: CPU per call ${cpu} of the relay's, ${posting}x of that of the relay that coalesces`,
    `${driver}, ${titleOf(each)}: calls/s ${calls} of those with the official client`,
  ];
}
