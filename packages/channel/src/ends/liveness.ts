import type { Clock, Timer } from 'iii-protocol';

export const PING_INTERVAL_MS = 20_000;
export const IDLE_LIMIT_MS = 60_000;

/** A connection as {@link Liveness} watches it. */
export interface Watched {
  ping(): void;
  /** How much has come in so far. Bytes rather than messages: a large one may take longer than the limit. */
  bytesRead(): number;
  /** Nothing came in for too long. */
  silent(): void;
}

/** Pings at intervals, and notices when nothing at all has come in for {@link IDLE_LIMIT_MS}. */
export class Liveness {
  #timer: Timer;
  #bytesRead: number;
  #silentPings = 0;

  constructor(
    private readonly clock: Clock,
    private readonly watched: Watched,
  ) {
    this.#bytesRead = watched.bytesRead();
    this.#timer = this.#schedule();
  }

  stop(): void {
    this.clock.clearTimeout(this.#timer);
  }

  #schedule(): Timer {
    return this.clock.setTimeout(() => this.#tick(), PING_INTERVAL_MS);
  }

  #tick(): void {
    const bytesRead = this.watched.bytesRead();
    this.#silentPings = bytesRead === this.#bytesRead ? this.#silentPings + 1 : 0;
    this.#bytesRead = bytesRead;
    if (this.#silentPings * PING_INTERVAL_MS >= IDLE_LIMIT_MS) {
      this.watched.silent();
      return;
    }
    this.#timer = this.#schedule();
    this.watched.ping();
  }
}
