import type { Clock, Timer } from 'iii-protocol';

/** A connection that is asked for signs of life. */
export interface Watched {
  /** When anything was last heard of it, in milliseconds this process has run; {@link Liveness} writes it. */
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

/** Parts of the time between two pings, so that not all connections are pinged in one turn. */
const SLICES = 20;

/**
 * Finds connections whose other side is gone without a word (protocol.md §19.4). One on which nothing was heard for a
 * third of the time is pinged, one that was silent for the whole of it is given up. Connections take turns: each is
 * looked at once in a third of the time.
 */
export class Liveness<Connection extends Watched> {
  readonly #slices: readonly Set<Connection>[] = Array.from({ length: SLICES }, () => new Set<Connection>());
  readonly #sliceOf = new Map<Connection, Set<Connection>>();
  readonly #probes = new Map<Connection, Probe>();
  readonly #sliceMs: number;
  #timer: Timer | undefined;
  /** The slice whose turn was last. */
  #turn = 0;
  /** The slice the last connection came into. */
  #filled = 0;
  /** Time in which this process did not run and nobody could be heard. */
  #stoodStillMs = 0;

  /** @param lost called for a connection that has been silent for `livenessMs`. */
  constructor(
    private readonly clock: Clock,
    private readonly livenessMs: number,
    private readonly lost: (connection: Connection) => void,
  ) {
    this.#sliceMs = livenessMs / PINGS / SLICES;
  }

  watch(connection: Connection): void {
    connection.lastHeardMs = this.#nowMs();
    const isFirst = this.#timer === undefined;
    this.#filled = isFirst ? this.#turn : (this.#filled + 1) % SLICES;
    const slice = this.#slices[this.#filled] as Set<Connection>;
    slice.add(connection);
    this.#sliceOf.set(connection, slice);
    if (isFirst) this.#schedule();
  }

  /** It has ended. */
  forget(connection: Connection): void {
    this.#sliceOf.get(connection)?.delete(connection);
    this.#sliceOf.delete(connection);
    this.#probes.get(connection)?.settle(false);
    if (this.#sliceOf.size > 0 || this.#timer === undefined) return;
    this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Something came in from the other side: a frame, or a ping or pong. */
  heard(connection: Connection): void {
    connection.lastHeardMs = this.#nowMs();
    if (this.#probes.size > 0) this.#probes.get(connection)?.settle(true);
  }

  /** Whether the other side shows life within the time. */
  probe(connection: Connection, ms: number): Promise<boolean> {
    const pending = this.#probes.get(connection);
    if (pending !== undefined) return pending.answer;
    if (!this.#sliceOf.has(connection)) return Promise.resolve(connection.isOpen);
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

  #nowMs(): number {
    return this.clock.monotonic() - this.#stoodStillMs;
  }

  #schedule(): void {
    const dueMs = this.clock.monotonic() + this.#sliceMs;
    this.#timer = this.clock.setTimeout(() => {
      this.#stoodStillMs += Math.max(0, this.clock.monotonic() - dueMs);
      this.#takeTurn();
    }, this.#sliceMs);
  }

  #takeTurn(): void {
    this.#timer = undefined;
    this.#turn = (this.#turn + 1) % SLICES;
    const now = this.#nowMs();
    for (const connection of [...(this.#slices[this.#turn] as Set<Connection>)]) {
      // What came in before a stall was noticed was written down with the clock as it was.
      connection.lastHeardMs = Math.min(now, connection.lastHeardMs);
      const silentMs = now - connection.lastHeardMs;
      if (silentMs >= this.livenessMs) this.lost(connection);
      // An answer to the last ping came a moment after the last turn.
      else if (silentMs > this.#sliceMs * (SLICES - 1)) connection.ping();
    }
    if (this.#sliceOf.size > 0 && this.#timer === undefined) this.#schedule();
  }
}
