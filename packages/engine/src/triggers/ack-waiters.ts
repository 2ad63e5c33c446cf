import { type Clock, Deadlines, type ErrorBody, type Expiring } from 'iii-protocol';
import type { Session } from '../sessions/session.js';

interface Waiter extends Expiring {
  readonly provider: Session;
  settle(error: ErrorBody | undefined): void;
}

/**
 * Registrations without an owner wait for their provider’s answer, since their caller can still be told
 * (protocol.md §6.4). Silence counts as consent: Python providers do not answer for types they do not know.
 */
export class AckWaiters {
  readonly #byId = new Map<string, Waiter>();
  readonly #deadlines: Deadlines;

  constructor(
    clock: Clock,
    private readonly timeoutMs: number,
  ) {
    this.#deadlines = new Deadlines(clock);
  }

  /** Resolves with the provider’s objection, or undefined when it has none. */
  expect(id: string, provider: Session): Promise<ErrorBody | undefined> {
    return new Promise((resolve) => {
      const settle = (error: ErrorBody | undefined) => {
        this.#byId.delete(id);
        this.#deadlines.remove(waiter);
        resolve(error);
      };
      const waiter: Waiter = { provider, settle, expire: () => settle(undefined) };
      this.#byId.set(id, waiter);
      this.#deadlines.add(waiter, this.timeoutMs);
    });
  }

  /** The answer of a provider; false when nobody waits for it from this connection. */
  settle(id: string, provider: Session, error: ErrorBody | undefined): boolean {
    const waiter = this.#byId.get(id);
    if (waiter === undefined || waiter.provider !== provider) return false;
    waiter.settle(error);
    return true;
  }

  /** The provider has left: its bindings are parked, which is no failure (§19.23). */
  abandon(provider: Session): void {
    for (const waiter of [...this.#byId.values()]) {
      if (waiter.provider === provider) waiter.settle(undefined);
    }
  }

  close(): void {
    this.#deadlines.close();
    this.#byId.clear();
  }
}
