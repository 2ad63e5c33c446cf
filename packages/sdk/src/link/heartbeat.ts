import type { Clock, Timer } from 'iii-protocol';

export const PING_INTERVAL_MS = 20_000;
export const IDLE_LIMIT_MS = 60_000;

/** Pings at intervals, and notices when nothing at all has been heard for too long (sdk-node.md §8.4). */
export class Heartbeat {
  #pingTimer: Timer;
  #idleTimer: Timer;
  /** When something came last, on the monotonic clock. */
  #heardMs: number;

  constructor(
    private readonly clock: Clock,
    private readonly ping: () => void,
    private readonly silent: () => void,
  ) {
    this.#heardMs = clock.monotonic();
    this.#pingTimer = this.#schedulePing();
    this.#idleTimer = this.#scheduleIdle(IDLE_LIMIT_MS);
  }

  /** Anything came from the other side. Only noted: this is once per message, and the timer asks in its time. */
  heard(): void {
    this.#heardMs = this.clock.monotonic();
  }

  stop(): void {
    this.clock.clearTimeout(this.#pingTimer);
    this.clock.clearTimeout(this.#idleTimer);
  }

  #schedulePing(): Timer {
    return this.clock.setTimeout(() => {
      this.#pingTimer = this.#schedulePing();
      this.ping();
    }, PING_INTERVAL_MS);
  }

  #scheduleIdle(ms: number): Timer {
    return this.clock.setTimeout(() => {
      const leftMs = this.#heardMs + IDLE_LIMIT_MS - this.clock.monotonic();
      if (leftMs <= 0) this.silent();
      else this.#idleTimer = this.#scheduleIdle(leftMs);
    }, ms);
  }
}
