import type { Clock, Timer } from 'iii-protocol';
import type { Session } from './session.js';

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
export class Liveness {
  readonly #watched = new Set<Session>();
  readonly #probes = new Map<Session, Probe>();
  #timer: Timer | undefined;

  /** @param lost called for a connection that has been silent for `livenessMs`. */
  constructor(
    private readonly clock: Clock,
    private readonly livenessMs: number,
    private readonly lost: (session: Session) => void,
  ) {}

  watch(session: Session): void {
    this.#watched.add(session);
    if (this.#timer === undefined) this.#schedule();
  }

  /** The session has ended. */
  forget(session: Session): void {
    this.#watched.delete(session);
    this.#probes.get(session)?.settle(false);
    if (this.#watched.size > 0 || this.#timer === undefined) return;
    this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Something came in from the other side: a frame, or a ping or pong. */
  heard(session: Session): void {
    session.lastHeardMs = this.clock.monotonic();
    if (this.#probes.size > 0) this.#probes.get(session)?.settle(true);
  }

  /** Whether the other side shows life within the time. */
  probe(session: Session, ms: number): Promise<boolean> {
    const pending = this.#probes.get(session);
    if (pending !== undefined) return pending.answer;
    if (!this.#watched.has(session)) return Promise.resolve(session.isOpen);
    let settle = (_lives: boolean) => {};
    const answer = new Promise<boolean>((resolve) => {
      const timer = this.clock.setTimeout(() => settle(false), ms);
      settle = (lives) => {
        this.clock.clearTimeout(timer);
        this.#probes.delete(session);
        resolve(lives);
      };
    });
    this.#probes.set(session, { answer, settle });
    session.peer.ping();
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
    for (const session of [...this.#watched]) {
      session.lastHeardMs = Math.min(now, session.lastHeardMs + lateMs);
      if (now - session.lastHeardMs >= this.livenessMs) this.lost(session);
      else session.peer.ping();
    }
    if (this.#watched.size > 0) this.#schedule();
  }
}
