import type { Clock, Timer } from 'iii-protocol';
import { Heap, type Placed } from './heap.js';

/** Entries taken in one turn; whoever else lives in this process gets a turn in between. */
const PER_TURN = 250;

interface Item<Entry> extends Placed {
  readonly entry: Entry;
  readonly at: number;
  readonly order: number;
}

export interface DueQueueOptions {
  readonly clock: Clock;
  /** Longest sleep in milliseconds: how soon a step of the clock is noticed. */
  readonly maxSleepMs: number;
  /** Called whenever the queue wakes, before anything is due. */
  readonly woke?: (now: number) => void;
}

/** What is due when by the clock on the wall, with one timer for all of it. */
export class DueQueue<Entry> {
  readonly #heap = new Heap<Item<Entry>>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  readonly #items = new Map<Entry, Item<Entry>>();
  #order = 0;
  #timer: Timer | undefined;
  /** When the timer fires, and when what it was set for is due: until then nothing that is due later matters. */
  #firesAt = Number.POSITIVE_INFINITY;
  #setFor = Number.POSITIVE_INFINITY;
  #isTaking = false;
  #isClosed = false;

  /** @param due told of each entry once its time has come; the entry is not in the queue any more. */
  constructor(
    private readonly options: DueQueueOptions,
    private readonly due: (entry: Entry, at: number, now: number) => void,
  ) {}

  get size(): number {
    return this.#items.size;
  }

  /** @param at milliseconds since the epoch. Replaces what the entry had. */
  put(entry: Entry, at: number): void {
    this.remove(entry);
    const item = { entry, at, order: this.#order++, place: 0 };
    this.#items.set(entry, item);
    this.#heap.add(item);
    if (this.#isTaking || (this.#timer !== undefined && at >= this.#setFor)) return;
    this.#arm();
  }

  remove(entry: Entry): void {
    const item = this.#items.get(entry);
    if (item === undefined) return;
    this.#items.delete(entry);
    this.#heap.remove(item);
  }

  close(): void {
    this.#isClosed = true;
    this.#heap.clear();
    this.#items.clear();
    this.#disarm();
  }

  #arm(): void {
    const { first } = this.#heap;
    if (this.#isClosed) return;
    if (first === undefined) {
      this.#disarm();
      return;
    }
    const { clock, maxSleepMs } = this.options;
    const sleep = Math.min(Math.max(0, first.at - clock.now()), maxSleepMs);
    const firesAt = clock.monotonic() + sleep;
    if (this.#timer !== undefined && this.#firesAt <= firesAt) return;
    this.#disarm();
    this.#firesAt = firesAt;
    this.#setFor = first.at;
    this.#timer = clock.setTimeout(() => this.#wake(), sleep);
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wake(): void {
    this.#timer = undefined;
    this.#isTaking = true;
    try {
      // Timers may be early, and clocks may have been set: only the clock says what is due.
      this.options.woke?.(this.options.clock.now());
      for (let taken = 0; taken < PER_TURN && this.#takeFirst(); taken++);
    } finally {
      this.#isTaking = false;
      this.#arm();
    }
  }

  #takeFirst(): boolean {
    const { first } = this.#heap;
    const now = this.options.clock.now();
    if (first === undefined || first.at > now) return false;
    this.remove(first.entry);
    this.due(first.entry, first.at, now);
    return true;
  }
}
