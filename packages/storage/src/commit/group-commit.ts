import type { Totals } from '../admission.js';
import type { StoredValue } from '../record.js';
import type { Durability } from '../store.js';

/** What one commit does to one store. */
export interface StoreWrites {
  readonly store: string;
  /** What the acknowledgement of it means. */
  readonly durability: Durability;
  /** How many writes there are, and what their keys and values come to. */
  readonly entries: number;
  readonly bytes: number;
  /** In order of keys; undefined deletes. */
  readonly writes: Iterable<readonly [key: Uint8Array, record: StoredValue | undefined]>;
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

/**
 * One commit at a time, with everything that was written while the one before was on its way: the more callers there
 * are, the more of them share the wait for the disk.
 */
export class GroupCommit {
  #waiting = new Set<Participant>();
  #errands: Array<() => void> = [];
  #isScheduled = false;
  #isRunning = false;

  constructor(private readonly backend: CommitBackend) {}

  request(participant: Participant): void {
    this.#waiting.add(participant);
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

  /** Not at once: what is written in this turn of the event loop belongs into the same commit. */
  #schedule(): void {
    if (this.#isScheduled || this.#isRunning) return;
    this.#isScheduled = true;
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    this.#isScheduled = false;
    this.#isRunning = true;
    const errands = this.#errands;
    this.#errands = [];
    for (const errand of errands) errand();
    const waiting = this.#waiting;
    this.#waiting = new Set();
    const taken: Participant[] = [];
    const parts: StoreWrites[] = [];
    for (const participant of waiting) {
      const part = participant.take();
      if (part === undefined) continue;
      taken.push(participant);
      parts.push(part);
    }
    if (parts.length > 0) await this.#commit(parts, taken);
    this.#isRunning = false;
    if (this.#waiting.size > 0 || this.#errands.length > 0) this.#schedule();
  }

  async #commit(parts: readonly StoreWrites[], taken: readonly Participant[]): Promise<void> {
    try {
      await this.backend.commit(parts);
    } catch (error) {
      for (const participant of taken) participant.failed(error as Error);
      return;
    }
    for (const participant of taken) participant.succeeded();
  }
}
