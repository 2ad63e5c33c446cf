import type { Clock } from 'iii-protocol';

const SLOT_MS = 1_000;
/** Whole seconds that are looked back on, besides the one that has begun. */
const SLOTS = 5;

/** Bytes per second over the last five seconds, from a ring of seconds that is only touched when something moves. */
export class RateMeter {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #ring = new Float64Array(SLOTS + 1);
  readonly #start: number;
  #slot: number;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    this.#start = clock.monotonic();
    this.#slot = Math.floor(this.#start / SLOT_MS);
  }

  add(bytes: number): void {
    this.#turnTo(this.#clock.monotonic());
    const index = this.#slot % this.#ring.length;
    this.#ring[index] = (this.#ring[index] ?? 0) + bytes;
  }

  /** 0 when nothing has moved for more than five seconds. What is younger than a second counts as one. */
  perSecond(): number {
    const now = this.#clock.monotonic();
    this.#turnTo(now);
    const from = Math.max(this.#start, (this.#slot - SLOTS) * SLOT_MS);
    const total = this.#ring.reduce((sum, bytes) => sum + bytes, 0);
    return Math.round((total * 1_000) / Math.max(1_000, now - from));
  }

  #turnTo(now: number): void {
    const slot = Math.floor(now / SLOT_MS);
    if (slot === this.#slot) return;
    const passed = Math.min(slot - this.#slot, this.#ring.length);
    for (let i = 1; i <= passed; i++) this.#ring[(this.#slot + i) % this.#ring.length] = 0;
    this.#slot = slot;
  }
}
