import type { Clock } from 'iii-protocol';

/** How many messages a peer may send: so many a second, and so many at once after a silence. */
export class MessageRate {
  #spent = 0;
  #at: number;

  constructor(private readonly clock: Clock) {
    this.#at = clock.monotonic();
  }

  /** Counts a message. @returns whether it may be sent. */
  take(perSecond: number, atOnce: number): boolean {
    const now = this.clock.monotonic();
    this.#spent = Math.max(0, this.#spent - ((now - this.#at) / 1_000) * perSecond);
    this.#at = now;
    if (this.#spent + 1 > atOnce) return false;
    this.#spent++;
    return true;
  }
}
