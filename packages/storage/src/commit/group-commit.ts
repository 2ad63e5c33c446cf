import { clearTimeout, setTimeout } from 'node:timers';
import type { Totals } from '../admission.js';
import type { Write } from '../overlay.js';
import type { Durability } from '../store.js';

/** What one commit does to one store. */
export interface StoreWrites {
  readonly store: string;
  /** What the acknowledgement of it means. */
  readonly durability: Durability;
  /** How many writes there are, and what their keys and values come to. */
  readonly entries: number;
  readonly bytes: number;
  /** In any order. */
  readonly writes: readonly Write[];
  /** What the store holds afterwards. */
  readonly totals: Totals;
}

/** Where commits go. */
export interface CommitBackend {
  /**
   * Resolves when all of it is as durable as the most demanding of the stores wants it. Rejects when none of it counts,
   * now or after any crash.
   */
  commit(parts: readonly StoreWrites[]): Promise<void>;
}

/** A store that takes part in commits. */
export interface Participant {
  /** What it wants written; undefined when there is nothing any more. Answered by one of the others. */
  take(): StoreWrites | undefined;
  succeeded(): void;
  failed(error: Error): void;
}

/** Of the time that this process idles during a commit, how much the next one waits for who will want to be in it. */
const PATIENCE = 0.25;
/** How fast the idea of that time follows. */
const SMOOTHING = 0.25;

/**
 * One commit at a time, with everything that was written while the one before was on its way: the more callers there
 * are, the more of them share the wait for the disk.
 *
 * Callers who wait for their answer before they write again would be in every other commit, half of them in each. So
 * where it is the disk that everybody waits for, a commit waits a little, until as many have come as were in the last
 * one or waited for it. Where the processor is, one half had better work while the other is written.
 */
export class GroupCommit {
  #waiting = new Set<Participant>();
  #errands: Array<() => void> = [];
  #isScheduled = false;
  #isRunning = false;
  /** Callers who wait for the next commit, and how many are expected to. */
  #requests = 0;
  #expected = 0;
  #idleMs = 0;
  #patience: NodeJS.Timeout | undefined;

  constructor(private readonly backend: CommitBackend) {}

  /** @param callers how many wait for it. */
  request(participant: Participant, callers = 1): void {
    this.#waiting.add(participant);
    this.#requests += callers;
    this.#schedule();
  }

  /** Runs work while no commit is on its way. */
  between<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#errands.push(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isRunning) return;
    const patienceMs = this.#patienceMs();
    if (patienceMs === 0) this.#go();
    else this.#patience ??= setTimeout(() => this.#go(), patienceMs);
  }

  /** Milliseconds that the next commit waits for more callers. */
  #patienceMs(): number {
    const patienceMs = this.#idleMs * PATIENCE;
    // A timer takes a millisecond at least.
    return this.#requests >= this.#expected || this.#errands.length > 0 || patienceMs < 1 ? 0 : patienceMs;
  }

  /** Not at once: what is written in this turn of the event loop belongs into the same commit. */
  #go(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    const errands = this.#errands;
    this.#errands = [];
    for (const errand of errands) errand();
    const waiting = this.#waiting;
    const requests = this.#requests;
    this.#waiting = new Set();
    this.#requests = 0;
    const taken: Participant[] = [];
    const parts: StoreWrites[] = [];
    for (const participant of waiting) {
      const part = participant.take();
      if (part === undefined) continue;
      taken.push(participant);
      parts.push(part);
    }
    const error = parts.length > 0 ? await this.#commit(parts) : undefined;
    for (const participant of taken) {
      if (error === undefined) participant.succeeded();
      else participant.failed(error);
    }
    this.#isRunning = false;
    this.#expected = requests + this.#requests;
    if (this.#waiting.size === 0 && this.#errands.length === 0) return;
    // What waits goes to the disk before those who were in this commit go on: that is when there is work to do beside it.
    if (this.#patienceMs() === 0) void this.#run();
    else this.#schedule();
  }

  /** @returns why it failed. */
  async #commit(parts: readonly StoreWrites[]): Promise<Error | undefined> {
    const begun = performance.eventLoopUtilization();
    try {
      await this.backend.commit(parts);
      return undefined;
    } catch (error) {
      return error as Error;
    } finally {
      this.#idleMs += SMOOTHING * (performance.eventLoopUtilization(begun).idle - this.#idleMs);
    }
  }
}
