import type { Clock } from './environment.js';

interface Entry {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to move. For tests. */
export class ManualClock implements Clock {
  #wall: number;
  #elapsed = 0;
  #order = 0;
  readonly #entries = new Set<Entry>();

  /** @param start wall time in milliseconds since the epoch. */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#wall = start;
  }

  now(): number {
    return this.#wall + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  setTimeout(callback: () => void, ms: number): Entry {
    const entry = { due: this.#elapsed + Math.max(0, ms), order: this.#order++, callback };
    this.#entries.add(entry);
    return entry;
  }

  clearTimeout(timer: unknown): void {
    this.#entries.delete(timer as Entry);
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#entries.size;
  }

  /** Moves on, firing what falls due in the order it does, including timers set meanwhile. */
  advance(ms: number): void {
    const end = this.#elapsed + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#entries.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.due);
      next.callback();
    }
    this.#elapsed = end;
  }

  /** As {@link advance}, giving promises time to settle after every timer. */
  async advanceAsync(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#entries.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.due);
      next.callback();
      await settle();
    }
    this.#elapsed = end;
  }

  /** Time passes and nothing fires until the next {@link advance}, as when the process is stopped. */
  stall(ms: number): void {
    this.#elapsed += ms;
  }

  /** Moves the wall time alone, as an operator or NTP does. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  #next(end: number): Entry | undefined {
    let best: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.due > end) continue;
      if (
        best === undefined ||
        entry.due < best.due ||
        (entry.due === best.due && entry.order < best.order)
      ) {
        best = entry;
      }
    }
    return best;
  }
}

/** Lets everything that is ready to run do so. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}
