import type { Clock, Timer } from './environment.js';

/** What a deadline ends. */
export interface Expiring {
  expire(): void;
  /** Where it is in the {@link Deadlines} it was added to, which keeps both. */
  slot?: number | undefined;
  place?: number | undefined;
}

/**
 * Whatever expires costs something: an answer, a line of log, a client that comes again. Many that are due together
 * expire for so many milliseconds, and everything else has so many before more do. For each so many that they are late,
 * a turn of theirs is a millisecond longer: what takes a second is done after two.
 */
const TURN_MS = 1;
const PAUSE_MS = 8;
const HURRY_MS = 100;

/** What is due. The first to expire is the last in the list. */
interface Overdue {
  readonly slot: number;
  readonly entries: Expiring[];
}

/**
 * Deadlines of many waiting things with one timer: they are kept in slots of `granularityMs`, each a list in which an
 * entry knows its place, so that adding and removing cost next to nothing. An entry expires at its deadline or up to two
 * slots later, never earlier; where many that are due together take more than {@link TURN_MS}, some are later. It can be
 * in one of these at a time.
 */
export class Deadlines {
  readonly #slots = new Map<number, Expiring[]>();
  /** In the order in which they expire. Whoever is removed from here stays in its list, without its slot. */
  #overdue: Overdue[] = [];
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
    this.#size--;
    const entries = this.#slots.get(slot);
    // It may be overdue.
    if (entries?.[place] !== entry) return;
    const last = entries.pop();
    if (last !== undefined && last !== entry) {
      entries[place] = last;
      last.place = place;
    }
    if (entries.length === 0) this.#slots.delete(slot);
  }

  /** Forgets everything, without expiring it. */
  close(): void {
    for (const entries of this.#slots.values()) for (const entry of entries) entry.slot = undefined;
    for (const { entries } of this.#overdue) for (const entry of entries) entry.slot = undefined;
    this.#slots.clear();
    this.#overdue = [];
    this.#size = 0;
    if (this.#timer !== undefined) this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    if (this.#timer !== undefined) return;
    const isBehind = this.#overdue.length > 0;
    if (!isBehind && this.#slots.size === 0) return;
    this.#timer = this.clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.#sweep();
        this.#arm();
      },
      isBehind ? PAUSE_MS : this.granularityMs,
    );
  }

  #sweep(): void {
    const from = this.clock.monotonic();
    const now = Math.floor(from / this.granularityMs);
    for (const [slot, entries] of this.#slots) {
      if (slot > now) continue;
      this.#slots.delete(slot);
      this.#overdue.push({ slot, entries: entries.reverse() });
    }
    const lateMs = from - (this.#overdue[0]?.slot ?? now) * this.granularityMs;
    const until = from + TURN_MS + lateMs / HURRY_MS;
    for (let first = this.#overdue[0]; first !== undefined; first = this.#overdue[0]) {
      if (this.clock.monotonic() >= until) return;
      const entry = first.entries.pop();
      if (entry === undefined) this.#overdue.shift();
      else if (entry.slot === first.slot) this.#expire(entry);
    }
  }

  /** One that expires may remove another, or add itself again. */
  #expire(entry: Expiring): void {
    entry.slot = undefined;
    this.#size--;
    entry.expire();
  }
}
