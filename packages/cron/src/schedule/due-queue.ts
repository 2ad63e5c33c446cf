import type { Clock, Timer } from 'iii-protocol';
import sortedBTree from 'sorted-btree';

/** Node hands out the whole CommonJS module as its default; tools that follow bundlers hand out the class. */
const BTree: typeof sortedBTree.default =
  'default' in sortedBTree ? sortedBTree.default : (sortedBTree as never);

/** Entries taken in one turn; whoever else lives in this process gets a turn in between. */
const PER_TURN = 250;

interface Key {
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
  readonly #tree = new BTree<Key, Entry>(undefined, (a, b) => a.at - b.at || a.order - b.order);
  readonly #keys = new Map<Entry, Key>();
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
    return this.#keys.size;
  }

  /** @param at milliseconds since the epoch. Replaces what the entry had. */
  put(entry: Entry, at: number): void {
    this.remove(entry);
    const key = { at, order: this.#order++ };
    this.#keys.set(entry, key);
    this.#tree.set(key, entry);
    if (this.#isTaking || (this.#timer !== undefined && at >= this.#setFor)) return;
    this.#arm();
  }

  remove(entry: Entry): void {
    const key = this.#keys.get(entry);
    if (key === undefined) return;
    this.#keys.delete(entry);
    this.#tree.delete(key);
  }

  close(): void {
    this.#isClosed = true;
    this.#tree.clear();
    this.#keys.clear();
    this.#disarm();
  }

  #arm(): void {
    const first = this.#tree.minKey();
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
    const first = this.#tree.minKey();
    const now = this.options.clock.now();
    if (first === undefined || first.at > now) return false;
    const entry = this.#tree.get(first);
    if (entry === undefined) return false;
    this.remove(entry);
    this.due(entry, first.at, now);
    return true;
  }
}
