import { type Driver, usableDrivers } from '../drivers.js';
import { Line, type Measured } from '../invoke/line.js';
import type { BenchOptions } from '../options.js';
import { Gathering, type Result, type Section } from '../report/result.js';
import { Running } from '../running.js';
import { median, ratioOf } from '../statistics.js';
import { verdict } from '../text.js';
import type { FillTask } from './filler.js';

export interface GrowthBenchOptions extends BenchOptions {
  readonly functions: number;
  readonly bindings: number;
  readonly connections: number;
  readonly turnMs: number;
  readonly turns: number;
}

type Filling = FillTask['kind'];

const FEW = 10;
const IN_FLIGHT = 64;
const PAYLOAD_BYTES = 64;
/** Functions of one connection; the engine takes no more than 10,000. */
const PER_CONNECTION = 10_000;
const CONNECTIONS_PER_PROCESS = 2_500;
const TARGET = { atMost: 1.1 };

/** What a call costs an engine that holds little, and one that holds much. */
export async function benchGrowth(options: GrowthBenchOptions): Promise<Result> {
  const sections: Section[] = [];
  const verdicts: string[] = [];
  for (const driver of await usableDrivers(options.drivers, options.tell)) {
    for (const kind of ['functions', 'bindings', 'connections'] as const) {
      const many = options[kind];
      const [little, much] = [`${FEW} ${kind}`, `${many} ${kind}`];
      const gathering = new Gathering();
      for (let round = 1; round <= options.rounds; round++) {
        await using running = new Running();
        const few = await filled(running, driver, kind, FEW);
        const lots = await filled(running, driver, kind, many);
        for (const line of [few, lots]) await measure(line, options.turnMs);
        for (let turn = 1; turn <= options.turns; turn++) {
          const order = [
            [little, few],
            [much, lots],
          ] as const;
          for (const [name, line] of turn % 2 === 1 ? order : order.toReversed()) {
            gathering.add(name, { ...(await measure(line, options.turnMs)) });
          }
        }
        options.tell(`${driver} round ${round}: ${much}`);
      }
      sections.push({
        title: `${driver}: an engine with ${little}, and with ${much}`,
        figures: [
          { key: 'perSecond', title: 'calls/s', digits: 0 },
          { key: 'p50Ms', title: 'p50 ms', digits: 3 },
          { key: 'p99Ms', title: 'p99 ms', digits: 3 },
          { key: 'cpuUs', title: 'CPU µs/call', digits: 1 },
          { key: 'residentMiB', title: 'RSS MiB', digits: 0 },
        ],
        series: gathering.series(),
        baseline: { subject: little, figure: 'cpuUs' },
      });
      const ratio = ratioOf(gathering.of(much, 'cpuUs'), gathering.of(little, 'cpuUs'));
      const each =
        (median(gathering.of(much, 'residentMiB')) - median(gathering.of(little, 'residentMiB'))) / many;
      verdicts.push(
        `${driver}: CPU per call with ${much} ${verdict(ratio, TARGET)} of that with ${FEW}; ` +
          `each takes ${(each * 1024).toFixed(1)} KiB`,
      );
    }
  }
  return { bench: 'growth', sections, verdicts };
}

function measure(line: Line, ms: number): Promise<Measured> {
  return line.measure({ payloadBytes: PAYLOAD_BYTES, loop: { kind: 'closed', inFlight: IN_FLIGHT, ms } });
}

/** A line through an engine that also holds so many of something else. */
async function filled(running: Running, driver: Driver, kind: Filling, count: number): Promise<Line> {
  const line = await Line.open(running, { between: 'engine', driver, client: 'own', workers: 1 });
  if (!(line instanceof Line)) throw new Error(line.missing);
  const most = kind === 'connections' ? CONNECTIONS_PER_PROCESS : PER_CONNECTION;
  for (let left = count, first = 0; left > 0; left -= most, first += most) {
    const filler = running.start('filler', 'growth/filler.ts', [line.address]);
    await filler.ask<'filled'>({ kind, first, count: Math.min(left, most) } satisfies FillTask);
  }
  return line;
}
