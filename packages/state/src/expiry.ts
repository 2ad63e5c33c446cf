import type { Clock, Log, Timer } from 'iii-protocol';
import type { Address, StateAdapter } from './adapter.js';
import { type Changes, hasExpired } from './changes.js';
import { STATE_LIMITS } from './limits.js';

const { sweepItems, sweepPauseMs, maxSweepPauseMs, sweepRetryMs } = STATE_LIMITS;

export interface ExpiryOptions {
  readonly adapter: StateAdapter;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Log;
}

/** Deletes what has expired, soon after it has. Nobody sees it in the meantime: reads look at the time themselves. */
export class Expiry {
  #timer: Timer | undefined;
  /** When the timer fires, on the clock that never jumps. */
  #due = Number.POSITIVE_INFINITY;
  #sweeping: Promise<void> | undefined;
  #isOver = false;

  constructor(private readonly options: ExpiryOptions) {}

  /** Something expires then, in milliseconds since the epoch. */
  expect(at: number): void {
    this.#arm(at - this.options.clock.now());
  }

  /** Deletes what has expired by now, and finds out when to look next. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  /** Resolves when nothing is being deleted any more. */
  async stop(): Promise<void> {
    this.#isOver = true;
    this.#disarm();
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { adapter, clock, log } = this.options;
    try {
      const due: Address[] = [];
      let next: number | undefined;
      const now = clock.now();
      await adapter.expiring((item) => {
        if (hasExpired(item, now) && due.length < sweepItems) due.push({ scope: item.scope, key: item.key });
        else next = item.expiresAt;
        return next === undefined;
      });
      if (due.length > 0) await this.#delete(due);
      if (next !== undefined) this.#arm(next - clock.now());
    } catch (error) {
      log.error(
        { err: error },
        'values of state that have expired could not be deleted: another attempt follows',
      );
      this.#arm(sweepRetryMs);
    }
  }

  /** Reading is enough: a draft in which something has expired deletes it, and tells those who watch it. */
  async #delete(addresses: readonly Address[]): Promise<void> {
    await this.options.changes.make(addresses, (draft) => {
      for (const address of addresses) draft.read(address);
    });
  }

  #arm(ms: number): void {
    if (this.#isOver) return;
    const { clock } = this.options;
    const pause = Math.min(Math.max(ms, sweepPauseMs), maxSweepPauseMs);
    const due = clock.monotonic() + pause;
    if (due >= this.#due) return;
    this.#disarm();
    this.#due = due;
    this.#timer = clock.setTimeout(() => {
      this.#disarm();
      void this.sweep();
    }, pause);
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = Number.POSITIVE_INFINITY;
  }
}
