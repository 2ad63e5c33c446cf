import type { LoadResult } from '../load/latencies.js';
import type { BenchOptions } from '../options.js';
import { Gathering, type Result } from '../report/result.js';
import { eachRound } from '../rounds.js';

export interface FanoutBenchOptions extends BenchOptions {
  readonly bindings: number;
  readonly ms: number;
}

/** An event of a trigger that is bound to many functions: from the event until the last of them has begun. */
export async function benchFanout(options: FanoutBenchOptions): Promise<Result> {
  const { bindings, ms } = options;
  const gathering = new Gathering();
  await eachRound(options, async ({ driver, running }) => {
    const engine = running.start('engine', 'engine-process.ts', [driver]);
    const { port } = await engine.report<{ port: number }>();
    const address = `ws://127.0.0.1:${port}/`;
    const provider = running.start('provider', 'fanout/provider.ts', [address]);
    await provider.report<'ready'>();
    const subscriber = running.start('subscriber', 'fanout/subscriber.ts', [address, String(bindings)]);
    await subscriber.report<'bound'>();
    await provider.ask<LoadResult>({ bindings, ms: ms / 4 });
    const before = await engine.usage();
    const { calls, perSecond, p50Ms, p99Ms } = await provider.ask<LoadResult>({ bindings, ms });
    const after = await engine.usage();
    gathering.add(`iii (${driver})`, {
      perSecond,
      deliveries: perSecond * bindings,
      p50Ms,
      p99Ms,
      cpuUs: ((after.cpuMs - before.cpuMs) * 1_000) / (calls * bindings),
      residentMiB: after.residentBytes / 1024 / 1024,
    });
    return `${perSecond.toFixed(1)} events/s`;
  });
  return {
    bench: 'fanout',
    sections: [
      {
        title: `One trigger, ${bindings} functions bound to it, in one worker`,
        figures: [
          { key: 'perSecond', title: 'events/s', digits: 1 },
          { key: 'deliveries', title: 'deliveries/s', digits: 0 },
          { key: 'p50Ms', title: 'p50 ms to the last', digits: 1 },
          { key: 'p99Ms', title: 'p99 ms to the last', digits: 1 },
          { key: 'cpuUs', title: 'CPU µs/delivery', digits: 1 },
          { key: 'residentMiB', title: 'RSS MiB', digits: 0 },
        ],
        series: gathering.series(),
      },
    ],
    verdicts: [],
  };
}
