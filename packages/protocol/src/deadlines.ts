import type { Clock, Timer } from './environment.js';

/** What a deadline ends. */
export interface Expiring {
  expire(): void;
  /** Kept by the {@link Deadlines} it was added to. */
  slot?: number | undefined;
}

/**
 * Deadlines of many waiting things with one timer: they are kept in slots of `granularityMs`, so adding and
 * removing cost a set operation and nothing is allocated per entry. An entry expires at its deadline or up to one
 * slot later, never earlier. It can be in one of these at a time.
 */
export class Deadlines {
  readonly #slots = new Map<number, Set<Expiring>>();
  #size = 0;
  #timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly granularityMs = 50,
  ) {}

  get size(): number {
    return this.#size;
  }

  add(entry: Expiring, ms: number): void {
    this.remove(entry);
    const slot = Math.ceil((this.clock.monotonic() + ms) / this.granularityMs) + 1;
    const entries = this.#slots.get(slot);
    if (entries === undefined) this.#slots.set(slot, new Set([entry]));
    else entries.add(entry);
    entry.slot = slot;
    this.#size++;
    if (this.#timer === undefined) this.#arm();
  }

  remove(entry: Expiring): void {
    const { slot } = entry;
    if (slot === undefined) return;
    entry.slot = undefined;
    const entries = this.#slots.get(slot);
    if (entries?.delete(entry) !== true) return;
    this.#size--;
    if (entries.size === 0) this.#slots.delete(slot);
  }

  /** Forgets everything, without expiring it. */
  close(): void {
    for (const entries of this.#slots.values()) for (const entry of entries) entry.slot = undefined;
    this.#slots.clear();
    this.#size = 0;
    if (this.#timer !== undefined) this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#slots.size === 0) return;
    this.#timer = this.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#sweep();
      this.#arm();
    }, this.granularityMs);
  }

  #sweep(): void {
    const now = Math.floor(this.clock.monotonic() / this.granularityMs);
    for (const [slot, entries] of this.#slots) {
      if (slot > now) continue;
      this.#slots.delete(slot);
      this.#size -= entries.size;
      // None of them is in here any more while they expire: one may remove another, or add itself again.
      const due = [...entries];
      entries.clear();
      for (const entry of due) {
        if (entry.slot !== slot) continue;
        entry.slot = undefined;
        entry.expire();
      }
    }
  }
}
