import type { Clock, Log, Timer } from 'iii-protocol';
import type { TickLocks } from '../locks/tick-locks.js';
import type { Interruption } from './interruption.js';

/** A third of its time: a lease survives two renewals that fail. */
const RENEWALS_PER_TTL = 3;

/** Keeps the leases of runs for as long as they take. */
export class Leases {
  readonly #held = new Map<string, Pick<Interruption, 'abort'>>();
  #timer: Timer | undefined;

  constructor(
    private readonly locks: TickLocks,
    private readonly clock: Clock,
    private readonly logger: Log,
  ) {}

  /** @param lost aborted when somebody else has the lease by now, so that the run must not go on. */
  hold(identity: string, lost: Pick<Interruption, 'abort'>): void {
    this.#held.set(identity, lost);
    this.#timer ??= this.clock.setTimeout(() => void this.#renew(), this.locks.ttlMs / RENEWALS_PER_TTL);
  }

  async letGo(identity: string): Promise<void> {
    this.#held.delete(identity);
    if (this.#held.size === 0) this.#disarm();
    try {
      await this.locks.release(identity);
    } catch (error) {
      this.logger.warn({ err: error, schedule: identity }, 'a lease was not released: it ends with its time');
    }
  }

  close(): void {
    this.#held.clear();
    this.#disarm();
  }

  async #renew(): Promise<void> {
    this.#timer = undefined;
    try {
      for (const identity of await this.locks.renew([...this.#held.keys()])) {
        this.#held.get(identity)?.abort(new Error('somebody else has the lease of this schedule by now'));
        this.#held.delete(identity);
      }
    } catch (error) {
      this.logger.error({ err: error }, 'leases of running schedules were not renewed');
    }
    if (this.#held.size === 0) return;
    this.#timer ??= this.clock.setTimeout(() => void this.#renew(), this.locks.ttlMs / RENEWALS_PER_TTL);
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
