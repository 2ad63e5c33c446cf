import type { Clock, Timer } from './environment.js';

/** What a deadline ends. */
export interface Expiring {
  expire(): void;
  /** Where it is in the {@link Deadlines} it was added to, which keeps both. */
  slot?: number | undefined;
  place?: number | undefined;
}

/**
 * Deadlines of many waiting things with one timer: they are kept in slots of `granularityMs`, each a list in which an
 * entry knows its place, so that adding and removing cost next to nothing. An entry expires at its deadline or up to one
 * slot later, never earlier. It can be in one of these at a time.
 */
export class Deadlines {
  readonly #slots = new Map<number, Expiring[]>();
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
    entry.slot = slot;
    entry.place = entries?.length ?? 0;
    if (entries === undefined) this.#slots.set(slot, [entry]);
    else entries.push(entry);
    this.#size++;
    if (this.#timer === undefined) this.#arm();
  }

  remove(entry: Expiring): void {
    const { slot, place } = entry;
    if (slot === undefined || place === undefined) return;
    entry.slot = undefined;
    const entries = this.#slots.get(slot);
    // It may be among those that expire just now.
    if (entries?.[place] !== entry) return;
    const last = entries.pop();
    if (last !== undefined && last !== entry) {
      entries[place] = last;
      last.place = place;
    }
    this.#size--;
    if (entries.length === 0) this.#slots.delete(slot);
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
      this.#size -= entries.length;
      // None of them is in here any more while they expire: one may remove another, or add itself again.
      for (const entry of entries.splice(0)) {
        if (entry.slot !== slot) continue;
        entry.slot = undefined;
        entry.expire();
      }
    }
  }
}
