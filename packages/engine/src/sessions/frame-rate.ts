import type { Clock } from 'iii-protocol';

const SECOND_MS = 1_000;

/** Counts what happens within each second, up to a maximum. */
export class FrameRate {
  #secondStart: number;
  #count = 0;

  constructor(
    private readonly clock: Clock,
    private readonly maxPerSecond: number,
  ) {
    this.#secondStart = clock.monotonic();
  }

  /** Counts one more; false when that is one too many. */
  take(): boolean {
    const now = this.clock.monotonic();
    if (now - this.#secondStart >= SECOND_MS) {
      this.#secondStart = now;
      this.#count = 0;
    }
    this.#count++;
    return this.#count <= this.maxPerSecond;
  }
}
