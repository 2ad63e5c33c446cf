import type { Transaction } from 'iii-storage';
import { type Entry, type Job, NO_COUNTS } from '../job.js';
import type { Tally } from './counts.js';
import type { JobStore } from './job-store.js';
import type { Step } from './transitions.js';

/** A job has been done. Nearly every job has one of these: so it is no promise, and tells one who is called back. */
export class Finishing implements Step<void> {
  constructor(
    private readonly entry: Entry,
    private readonly job: Job,
    private readonly jobs: JobStore,
    private readonly told: (error?: unknown) => void,
  ) {}

  change(tx: Transaction, tally: Tally): void {
    if (this.jobs.removeFrom(tx, tally, this.job, { at: 'waiting', order: this.entry.order })) {
      tally.add(this.job.queue, ONE_DELIVERED);
    }
  }

  resolve(): void {
    this.told();
  }

  reject(error: unknown): void {
    this.told(error);
  }
}

const ONE_DELIVERED = { ...NO_COUNTS, waiting: -1, delivered: 1 };
