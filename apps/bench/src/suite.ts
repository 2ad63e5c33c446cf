import type { SuiteOptions } from './arguments.js';
import { benchChurn } from './churn/bench.js';
import { benchConnections } from './connections/bench.js';
import { benchFanout } from './fanout/bench.js';
import { benchGrowth } from './growth/bench.js';
import { benchInvoke } from './invoke/bench.js';
import { benchLarge } from './large/bench.js';
import type { Result } from './report/result.js';
import { benchStartup } from './startup/bench.js';
import { benchState } from './state/bench.js';

/** The benchmarks that report their figures the same way, in the order they are run. */
export const SUITE = [
  'invoke',
  'fanout',
  'connections',
  'startup',
  'churn',
  'growth',
  'large',
  'state',
] as const;

export type SuiteName = (typeof SUITE)[number];

const MIB = 1024 * 1024;

/** Runs one of them; `quick` sees to it that everything is done, and hardly anything is measured. */
export function runSuite(
  name: SuiteName,
  { quick, invoke, ...given }: SuiteOptions,
  tell: (line: string) => void,
): Promise<Result> {
  const common = { ...given, rounds: quick ? 1 : given.rounds, tell };
  switch (name) {
    case 'invoke': {
      const few = { ...invoke, inFlight: [1, 16], payloads: [64, 65_536], workers: [1], turnMs: 60 };
      const turns = { warmUpMs: quick ? 60 : 2_000, turns: quick ? 1 : 4 };
      return benchInvoke({ ...common, ...(quick ? few : invoke), ...turns });
    }
    case 'fanout':
      return benchFanout({ ...common, bindings: quick ? 20 : 1_000, ms: quick ? 100 : 4_000 });
    case 'connections':
      return benchConnections({
        ...common,
        connections: quick ? 100 : 10_000,
        quietMs: quick ? 50 : 3_000,
      });
    case 'startup':
      return benchStartup({ ...common, turns: quick ? 1 : 5, settleMs: quick ? 10 : 1_000 });
    case 'churn':
      return benchChurn({ ...common, functions: quick ? 5 : 100, ms: quick ? 100 : 4_000 });
    case 'growth': {
      const sizes = quick
        ? { functions: 100, bindings: 50, connections: 50 }
        : { functions: 100_000, bindings: 10_000, connections: 10_000 };
      return benchGrowth({ ...common, ...sizes, turnMs: quick ? 60 : 700, turns: quick ? 1 : 6 });
    }
    case 'large': {
      const load = quick
        ? { largeBytes: MIB, perSecond: 200, ms: 1_000 }
        : { largeBytes: 16 * MIB, perSecond: 1_000, ms: 8_000 };
      return benchLarge({ ...common, ...load });
    }
    case 'state': {
      const load = quick
        ? { keys: 50, manyKeys: 200, turnMs: 60, turns: 1 }
        : { keys: 10_000, manyKeys: 110_000, turnMs: 2_000, turns: 4 };
      return benchState({ ...common, inFlight: 64, valueBytes: 1_024, ...load });
    }
  }
}
