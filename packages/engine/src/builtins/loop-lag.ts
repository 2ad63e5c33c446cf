import type { Clock, Timer } from 'iii-protocol';

/** How often the loop is looked at; what a look comes too late is the lag. */
const EVERY_MS = 20;
/** Milliseconds without a question after which nobody seems to be interested any more. */
const LOST_INTEREST_MS = 30_000;

/** How long the event loop is held up, measured only while somebody asks. */
export class LoopLag {
  #timer: Timer | undefined;
  #lookedAt = 0;
  #askedAt = 0;
  #longest = 0;

  constructor(private readonly clock: Clock) {}

  /** The longest since the last question, in milliseconds; undefined when there was none for too long. */
  read(): number | undefined {
    const isMeasuring = this.#timer !== undefined;
    const now = this.clock.monotonic();
    this.#askedAt = now;
    if (!isMeasuring) {
      this.#look(now);
      return undefined;
    }
    const longest = Math.max(this.#longest, this.#lateBy(now));
    this.#longest = 0;
    return Math.round(longest * 10) / 10;
  }

  close(): void {
    if (this.#timer !== undefined) this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#longest = 0;
  }

  #look(now: number): void {
    this.#lookedAt = now;
    this.#timer = this.clock.setTimeout(() => {
      const next = this.clock.monotonic();
      this.#longest = Math.max(this.#longest, this.#lateBy(next));
      if (next - this.#askedAt < LOST_INTEREST_MS) this.#look(next);
      else this.close();
    }, EVERY_MS);
  }

  #lateBy(now: number): number {
    return Math.max(0, now - this.#lookedAt - EVERY_MS);
  }
}
