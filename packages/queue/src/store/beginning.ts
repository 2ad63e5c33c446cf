import type { Transaction } from 'iii-storage';
import { begun, type Entry, type Job, type JobState } from '../job.js';
import type { Tally } from './counts.js';
import { keys } from './keys.js';
import { unfold, untriedBytes } from './places.js';
import type { RecentJobs } from './recent-jobs.js';
import { encodeState } from './records.js';
import type { Step } from './transitions.js';

/** An attempt begins. Every job has one of these, and nobody waits for it: so it is no promise, and has no closures. */
export class Beginning implements Step<void> {
  constructor(
    private readonly entry: Entry,
    private readonly job: Job,
    private readonly state: JobState,
    private readonly recent: RecentJobs,
    private readonly refused: (error: unknown) => void,
  ) {}

  change(tx: Transaction, { atWork }: Tally): void {
    const { queue, seq } = this.entry;
    const isAtHand = this.job.isInPlace === true && this.recent.get(seq) === this.job;
    const bytes = isAtHand ? untriedBytes(this.job) : tx.size(this.#key);
    // Cancelled or purged meanwhile: there is nothing left to write to.
    if (bytes === undefined) return;
    const wasListed = atWork.remove(queue, seq);
    if (!wasListed && bytes === untriedBytes(this.job) && atWork.add(queue, seq)) return;
    unfold(tx, this.recent, this.#key);
    tx.put(this.#key, encodeState({ seq, state: begun(this.state) }));
  }

  get #key(): Uint8Array {
    return keys.waiting(this.entry.queue, this.entry.lane, this.entry);
  }

  resolve(): void {}

  reject(error: unknown): void {
    this.refused(error);
  }
}
