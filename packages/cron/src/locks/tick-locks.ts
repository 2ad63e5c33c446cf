/** What is known of a schedule from before. */
export interface Remembered {
  /** The last instant it was had for; undefined for one that is new. */
  readonly instant: number | undefined;
  readonly isPaused: boolean;
}

/**
 * Sees to it that each instant of a schedule is had once, by whoever shares the place where it is written down, and that
 * nobody begins another one while the one before is still at work somewhere (workers-state-stream-pubsub-cron.md §4.9).
 * Schedules go by their identity, instants are milliseconds since the epoch.
 *
 * Implementations reject with an Error when the place cannot be reached; the instant is then not had.
 */
export interface TickLocks {
  /** Milliseconds after which a lease ends that is not renewed. */
  readonly ttlMs: number;
  /** At once where it is at hand, throwing what else it would reject with. */
  recall(identity: string): Remembered | Promise<Remembered>;
  /** Counts an instant as had, so that only later ones are. With `isReset` also where a later one was. */
  remember(identity: string, instant: number, isReset?: boolean): Promise<void>;
  /**
   * Takes an instant, and a lease on the schedule with it.
   *
   * @returns whether it was there to be taken: false when it or a later one has been, or somebody else has the lease.
   */
  claim(identity: string, instant: number): Promise<boolean>;
  /** Extends leases. @returns those that are somebody else's by now. */
  renew(identities: readonly string[]): Promise<readonly string[]>;
  release(identity: string): Promise<void>;
  setPaused(identity: string, isPaused: boolean): Promise<void>;
  close(): Promise<void>;
}
