import type { Clock, Timer } from 'iii-protocol';

/** The wall clock may jump, so that a timer is never trusted for longer than this. */
const LONGEST_WAIT_MS = 60_000;

/** Calls back at a wall time that may come nearer meanwhile. */
export class WallTimer {
  #timer: Timer | undefined;
  #atMs: number | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly work: () => void,
  ) {}

  /** Calls back at `atMs`, or earlier when it has been asked to. */
  set(atMs: number): void {
    if (this.#atMs !== undefined && this.#atMs <= atMs) return;
    this.clear();
    this.#atMs = atMs;
    const wait = Math.min(LONGEST_WAIT_MS, Math.max(0, atMs - this.clock.now()));
    this.#timer = this.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#atMs = undefined;
      if (this.clock.now() >= atMs) this.work();
      else this.set(atMs);
    }, wait);
  }

  clear(): void {
    if (this.#timer !== undefined) this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#atMs = undefined;
  }
}
