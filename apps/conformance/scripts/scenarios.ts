import type { EngineProcess, EngineProcessOptions } from '../src/engine-process.js';
import { cutRounds } from '../src/replay-rounds.js';

export interface Sizes {
  readonly rounds: number;
  readonly rate: number;
  readonly connections: number;
  readonly seed: number;
}

export interface Stage {
  readonly engine: EngineProcess;
  readonly sizes: Sizes;
  readonly progress: (line: string) => void;
}

export interface Outcome {
  readonly figures: string;
  /** Empty when all was well. */
  readonly wrong: readonly string[];
}

export interface Scenario {
  readonly title: string;
  readonly engine?: Omit<EngineProcessOptions, 'driver'>;
  run(stage: Stage): Promise<Outcome>;
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  cut: {
    title: 'connections cut at random points of their replay',
    async run({ engine, sizes, progress }) {
      const wrong: string[] = [];
      const figures: string[] = [];
      for (const client of ['official', 'wire'] as const) {
        progress(`${client} client`);
        const { rounds, seed } = sizes;
        const report = await cutRounds({ url: engine.url, client, rounds, seed, progress });
        wrong.push(...report.wrong);
        figures.push(
          `${client} client ${rounds} rounds, right again after ${percentiles(report.recoveredMs)} ms`,
        );
      }
      return { figures: figures.join('; '), wrong };
    },
  },
};

/** Median, 99th percentile and maximum, as text. */
function percentiles(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => (sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN).toFixed(1);
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}`;
}
