import { type Entry, isBefore, type Position } from '../job.js';
import { shortened } from '../store/keys.js';

/** The lane of jobs for a function, perhaps of one concurrency key among them. */
export function functionLane(namespace: string, functionId: string, key?: string): string {
  const parts = [shortened(namespace), shortened(functionId)];
  return JSON.stringify(key === undefined ? ['f', ...parts] : ['f', ...parts, shortened(key)]);
}

/** The lane of a group. */
export function groupLane(group: string): string {
  return JSON.stringify(['g', shortened(group)]);
}

export function concurrencyKeyOf(lane: string): string | undefined {
  const [kind, , , key] = JSON.parse(lane) as string[];
  return kind === 'f' ? key : undefined;
}

/** One lane with jobs, in memory: no job, only where to go on. */
export class Lane {
  /** Behind the last job that was taken. */
  cursor: Position | undefined;
  /** Jobs of it at work. */
  active = 0;
  /** Jobs of it whose end has not been written, those at work included. */
  unsettled = 0;
  /** The job to be started next, where one may be. */
  ready: Entry | undefined;
  /** Why none may be started: its function is missing, or its time has not come. */
  blocked: 'missing' | 'early' | undefined;
  readonly concurrencyKey: string | undefined;

  constructor(readonly key: string) {
    this.concurrencyKey = concurrencyKeyOf(key);
  }

  /** A job is there that may stand before those that have been taken already. */
  lookAgainFrom(position: Position): void {
    if (this.cursor !== undefined && !isBefore(this.cursor, position)) this.cursor = undefined;
    if (this.ready !== undefined && isBefore(position, this.ready)) this.ready = undefined;
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
