import type { Clock } from 'iii-protocol';
import { isBounded } from './pending-calls.js';
import type { RunningCalls } from './running-calls.js';

/** The last calls of a worker that has withdrawn what it offered. */
export class Drain {
  #isQuiet = false;
  #quiet: () => void = () => {};

  constructor(
    private readonly clock: Clock,
    private readonly running: RunningCalls,
  ) {}

  /** No new call will come: the engine has acted on the withdrawal, or cannot be reached. */
  quiet(): void {
    this.#isQuiet = true;
    this.#quiet();
  }

  /** Resolves once no new call will come and none is running, or after `ms`. */
  finished(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = isBounded(ms) ? this.clock.setTimeout(resolve, ms) : undefined;
      void this.#idle().then(() => {
        if (timer !== undefined) this.clock.clearTimeout(timer);
        resolve();
      });
    });
  }

  async #idle(): Promise<void> {
    if (!this.#isQuiet) await new Promise<void>((resolve) => (this.#quiet = resolve));
    await this.running.whenIdle();
  }
}
