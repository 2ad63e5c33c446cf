import type { Clock, Timer } from 'iii-protocol';

export const PING_INTERVAL_MS = 20_000;
export const IDLE_LIMIT_MS = 60_000;

/** Pings at intervals, and notices when nothing at all has been heard for too long (sdk-node.md §8.4). */
export class Heartbeat {
  #pingTimer: Timer;
  #idleTimer: Timer;

  constructor(
    private readonly clock: Clock,
    private readonly ping: () => void,
    private readonly silent: () => void,
  ) {
    this.#pingTimer = this.#schedulePing();
    this.#idleTimer = this.#scheduleIdle();
  }

  /** Anything came from the other side. */
  heard(): void {
    this.clock.clearTimeout(this.#idleTimer);
    this.#idleTimer = this.#scheduleIdle();
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

  #scheduleIdle(): Timer {
    return this.clock.setTimeout(this.silent, IDLE_LIMIT_MS);
  }
}
