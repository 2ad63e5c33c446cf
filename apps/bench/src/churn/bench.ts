import type { BenchOptions } from '../options.js';
import { Gathering, type Result } from '../report/result.js';
import { eachRound } from '../rounds.js';
import type { ChurnResult, ChurnTask } from './worker.js';

export interface ChurnBenchOptions extends BenchOptions {
  readonly functions: number;
  readonly ms: number;
}

/** Workers come, offer functions, are called once, and leave. */
export async function benchChurn(options: ChurnBenchOptions): Promise<Result> {
  const { functions, ms } = options;
  const gathering = new Gathering();
  await eachRound(options, async ({ driver, running }) => {
    const engine = running.start('engine', 'engine-process.ts', [driver]);
    const { port } = await engine.report<{ port: number }>();
    const worker = running.start('worker', 'churn/worker.ts', [`ws://127.0.0.1:${port}/`]);
    await worker.ask<ChurnResult>({ functions, ms: ms / 4 } satisfies ChurnTask);
    const before = await engine.usage();
    const { lives, tookMs, perLifeMs } = await worker.ask<ChurnResult>({ functions, ms });
    const after = await engine.usage();
    gathering.add(`iii (${driver})`, {
      perSecond: lives / (tookMs / 1_000),
      lifeMs: perLifeMs,
      cpuUs: ((after.cpuMs - before.cpuMs) * 1_000) / lives,
      grownMiB: (after.residentBytes - before.residentBytes) / 1024 / 1024,
      residentMiB: after.residentBytes / 1024 / 1024,
    });
    return `${lives} lives`;
  });
  return {
    bench: 'churn',
    sections: [
      {
        title: `A worker connects, offers ${functions} functions, has one of them called, and leaves`,
        figures: [
          { key: 'perSecond', title: 'lives/s', digits: 1 },
          { key: 'lifeMs', title: 'p50 ms', digits: 2 },
          { key: 'cpuUs', title: 'CPU µs/life', digits: 0 },
          { key: 'grownMiB', title: 'RSS grown MiB', digits: 1 },
          { key: 'residentMiB', title: 'RSS MiB', digits: 0 },
        ],
        series: gathering.series(),
      },
    ],
    verdicts: [],
  };
}
