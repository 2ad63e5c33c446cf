import type { Clock, Timer } from './environment.js';

/** What a deadline ends. */
export interface Expiring {
  expire(): void;
}

/**
 * Deadlines of many waiting things with one timer: they are kept in slots of `granularityMs`, so adding and
 * removing cost a set operation and nothing is allocated per entry. An entry expires at its deadline or up to one
 * slot later, never earlier.
 */
export class Deadlines {
  readonly #slots = new Map<number, Set<Expiring>>();
  readonly #slotOf = new Map<Expiring, number>();
  #timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly granularityMs = 50,
  ) {}

  get size(): number {
    return this.#slotOf.size;
  }

  add(entry: Expiring, ms: number): void {
    this.remove(entry);
    const slot = Math.ceil((this.clock.monotonic() + ms) / this.granularityMs) + 1;
    const entries = this.#slots.get(slot);
    if (entries === undefined) this.#slots.set(slot, new Set([entry]));
    else entries.add(entry);
    this.#slotOf.set(entry, slot);
    this.#arm();
  }

  remove(entry: Expiring): void {
    const slot = this.#slotOf.get(entry);
    if (slot === undefined) return;
    this.#slotOf.delete(entry);
    const entries = this.#slots.get(slot);
    entries?.delete(entry);
    if (entries?.size === 0) this.#slots.delete(slot);
  }

  /** Forgets everything, without expiring it. */
  close(): void {
    this.#slots.clear();
    this.#slotOf.clear();
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
      for (const entry of entries) {
        this.#slotOf.delete(entry);
        entry.expire();
      }
    }
  }
}
