import type { Clock, Timer } from 'iii-protocol';

/** A connection that is asked for signs of life. */
export interface Watched {
  /** When anything was last heard of it, on the monotonic clock. */
  lastHeardMs: number;
  readonly isOpen: boolean;
  ping(): void;
}

interface Probe {
  readonly answer: Promise<boolean>;
  settle(lives: boolean): void;
}

/** Pings in the time after which silence ends a connection. */
const PINGS = 3;

/**
 * Finds connections whose other side is gone without a word (protocol.md §19.4). Every connection is pinged; one on
 * which nothing was heard for too long is given up.
 */
export class Liveness<Connection extends Watched> {
  readonly #watched = new Set<Connection>();
  readonly #probes = new Map<Connection, Probe>();
  #timer: Timer | undefined;

  /** @param lost called for a connection that has been silent for `livenessMs`. */
  constructor(
    private readonly clock: Clock,
    private readonly livenessMs: number,
    private readonly lost: (connection: Connection) => void,
  ) {}

  watch(connection: Connection): void {
    this.#watched.add(connection);
    if (this.#timer === undefined) this.#schedule();
  }

  /** It has ended. */
  forget(connection: Connection): void {
    this.#watched.delete(connection);
    this.#probes.get(connection)?.settle(false);
    if (this.#watched.size > 0 || this.#timer === undefined) return;
    this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Something came in from the other side: a frame, or a ping or pong. */
  heard(connection: Connection): void {
    connection.lastHeardMs = this.clock.monotonic();
    if (this.#probes.size > 0) this.#probes.get(connection)?.settle(true);
  }

  /** Whether the other side shows life within the time. */
  probe(connection: Connection, ms: number): Promise<boolean> {
    const pending = this.#probes.get(connection);
    if (pending !== undefined) return pending.answer;
    if (!this.#watched.has(connection)) return Promise.resolve(connection.isOpen);
    let settle = (_lives: boolean) => {};
    const answer = new Promise<boolean>((resolve) => {
      const timer = this.clock.setTimeout(() => settle(false), ms);
      settle = (lives) => {
        this.clock.clearTimeout(timer);
        this.#probes.delete(connection);
        resolve(lives);
      };
    });
    this.#probes.set(connection, { answer, settle });
    connection.ping();
    return answer;
  }

  #schedule(): void {
    const pauseMs = this.livenessMs / PINGS;
    const dueMs = this.clock.monotonic() + pauseMs;
    this.#timer = this.clock.setTimeout(() => this.#round(this.clock.monotonic() - dueMs), pauseMs);
  }

  /** @param lateMs time this process did not run, in which nobody could be heard and which does not count. */
  #round(lateMs: number): void {
    this.#timer = undefined;
    const now = this.clock.monotonic();
    for (const connection of [...this.#watched]) {
      connection.lastHeardMs = Math.min(now, connection.lastHeardMs + lateMs);
      if (now - connection.lastHeardMs >= this.livenessMs) this.lost(connection);
      else connection.ping();
    }
    if (this.#watched.size > 0) this.#schedule();
  }
}
