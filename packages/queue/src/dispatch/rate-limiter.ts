/** Lets no more than `max` things happen within any `perMs`. */
export class RateLimiter {
  readonly #times: number[] = [];

  constructor(
    private readonly max: number,
    private readonly perMs: number,
  ) {}

  /** Milliseconds until the next one may happen; 0 is now. @param now monotonic. */
  waitMs(now: number): number {
    while (this.#times.length > 0 && (this.#times[0] ?? 0) + this.perMs <= now) this.#times.shift();
    return this.#times.length < this.max ? 0 : (this.#times[0] ?? 0) + this.perMs - now;
  }

  count(now: number): void {
    this.#times.push(now);
  }
}
