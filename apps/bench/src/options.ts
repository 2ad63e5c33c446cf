import type { Driver } from './drivers.js';

/** What every benchmark is told. */
export interface BenchOptions {
  readonly drivers: readonly Driver[];
  /** Times everything is measured, with processes of its own. */
  readonly rounds: number;
  /** Directory for profiles of the engine. */
  readonly profile?: string;
  /** Hears how it is going. */
  readonly tell: (line: string) => void;
}
