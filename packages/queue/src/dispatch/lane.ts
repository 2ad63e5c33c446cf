import { type Entry, isBefore, type Position } from '../job.js';
import { concurrencyKeyOf, isGroup } from '../lane-names.js';

/** Jobs of a lane that are read at once, and that are known at a time. */
const AHEAD = { read: 128, most: 256 };
/** The same of lanes of groups and concurrency keys, of which a queue may have a hundred thousand. */
const LITTLE_AHEAD = { read: 2, most: 4 };

/** One lane with jobs, in memory: the next few of them, and where to go on. */
export class Lane {
  /** Jobs to be started next, in order: all there are up to {@link #read} that are not taken. */
  #ahead: Entry[] = [];
  /** Up to where jobs are known; undefined is the beginning. */
  #read: Position | undefined;
  /** Whether there are none behind that, but those that are still to be announced. */
  #isAll: boolean;
  /** Jobs of it at work. */
  active = 0;
  /** Jobs of it whose end has not been written, those at work included. */
  unsettled = 0;
  /** The job to be started next, where it may be. */
  ready: Entry | undefined;
  /** Why none may be started: its function is missing, or its time has not come. */
  blocked: 'missing' | 'early' | undefined;
  readonly concurrencyKey: string | undefined;
  readonly #limits: typeof AHEAD;

  /** @param isEmpty whether the store has none of its jobs, but those that are still to be announced. */
  constructor(
    readonly key: string,
    isEmpty: boolean,
  ) {
    this.concurrencyKey = concurrencyKeyOf(key);
    this.#limits = this.concurrencyKey === undefined && !isGroup(key) ? AHEAD : LITTLE_AHEAD;
    this.#isAll = isEmpty;
  }

  /** The next job. @param read finds jobs behind a position that are not taken, in their order. */
  next(read: (after: Position | undefined, limit: number) => Entry[]): Entry | undefined {
    if (this.#ahead.length === 0 && !this.#isAll) {
      this.#ahead = read(this.#read, this.#limits.read);
      this.#read = this.#ahead.at(-1) ?? this.#read;
      this.#isAll = this.#ahead.length < this.#limits.read;
    }
    return this.#ahead[0];
  }

  /** The next job is started. */
  take(): void {
    this.#ahead.shift();
    this.ready = undefined;
  }

  /** A job waits that has not before. */
  add(entry: Entry): void {
    const ahead = this.#ahead;
    if (this.#read === undefined || isBefore(this.#read, entry)) {
      // Behind others that are not known, it is found when its turn comes.
      if (!this.#isAll) return;
      this.#read = entry;
      ahead.push(entry);
    } else {
      let at = ahead.length;
      for (let other = ahead[at - 1]; other !== undefined; other = ahead[at - 1]) {
        // One commit shows many jobs at once: it may have been found before its turn to be announced.
        if (other.seq === entry.seq) return;
        if (isBefore(other, entry)) break;
        at--;
      }
      ahead.splice(at, 0, entry);
      if (at === 0) this.ready = undefined;
    }
    if (ahead.length <= this.#limits.most) return;
    ahead.pop();
    this.#read = ahead.at(-1);
    this.#isAll = false;
  }

  /** What is known of its jobs may be wrong: some are gone, or wait again. */
  reread(): void {
    this.#ahead = [];
    this.#read = undefined;
    this.#isAll = false;
    this.ready = undefined;
  }
}

/** Lanes whose next job may be started, that which goes first on top. Entries that are out of date are passed over. */
export class ReadyLanes {
  readonly #heap: Array<{ readonly lane: Lane; readonly entry: Entry }> = [];

  push(lane: Lane, entry: Entry): void {
    lane.ready = entry;
    const heap = this.#heap;
    const item = { lane, entry };
    let at = heap.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above.entry)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = item;
  }

  /** Takes out the lane whose job goes first. */
  pop(): { readonly lane: Lane; readonly entry: Entry } | undefined {
    for (let top = this.#take(); top !== undefined; top = this.#take()) {
      if (top.lane.ready !== top.entry) continue;
      top.lane.ready = undefined;
      return top;
    }
    return undefined;
  }

  #take(): { readonly lane: Lane; readonly entry: Entry } | undefined {
    const heap = this.#heap;
    const [top] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      if (a === undefined) break;
      const [child, index] = b !== undefined && isBefore(b.entry, a.entry) ? [b, left + 1] : [a, left];
      if (!isBefore(child.entry, last.entry)) break;
      heap[at] = child;
      at = index;
    }
    heap[at] = last;
    return top;
  }
}
