import type { Clock } from 'iii-protocol';

/** Lets the first few warnings of each period through and counts the rest, so that one peer cannot fill the log. */
export class WarningBudget {
  #periodStart = Number.NEGATIVE_INFINITY;
  #used = 0;
  #suppressed = 0;

  constructor(
    private readonly clock: Clock,
    private readonly perPeriod = 5,
    private readonly periodMs = 10_000,
  ) {}

  /** Whether to log now, and how many were held back since the last time. */
  take(): { readonly log: boolean; readonly suppressed: number } {
    const now = this.clock.monotonic();
    if (now - this.#periodStart >= this.periodMs) {
      this.#periodStart = now;
      this.#used = 0;
    }
    if (this.#used >= this.perPeriod) {
      this.#suppressed++;
      return { log: false, suppressed: 0 };
    }
    this.#used++;
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return { log: true, suppressed };
  }
}
