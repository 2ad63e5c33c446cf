import type { Reads, Transaction } from 'iii-storage';
import type { Counts } from '../job.js';
import { JobsAtWork } from './at-work.js';
import { firstNumber, keys } from './keys.js';
import { decode, decodeCounts, encode, encodeCounts } from './records.js';

export function countsIn(reads: Reads, queue: number): Counts {
  return decodeCounts(reads.get(keys.counts(queue)));
}

/** No job and no place has a higher number than this. */
export function lastUsedIn(reads: Reads): number {
  const number = reads.get(keys.lastUsed());
  return number === undefined ? 0 : decode<number>(number);
}

/** The highest number in use, also by a version of this that did not note it with every job. */
export function highestIn(reads: Reads): number {
  return Math.max(firstNumber(reads, { ...keys.jobs(), reverse: true }) ?? 0, lastUsedIn(reads));
}

/** Counts what a transaction does, and lists what is at work, to be written once, at its end and as part of it. */
export class Tally {
  readonly #counts = new Map<number, Record<keyof Counts, number>>();

  readonly atWork: JobsAtWork;
  #lastUsed = 0;

  constructor(private readonly tx: Transaction) {
    this.atWork = new JobsAtWork(tx);
  }

  /** As the transaction has made them so far. */
  of(queue: number): Counts {
    return this.#of(queue);
  }

  add(queue: number, changes: Partial<Counts>): void {
    // By name, one after the other, and not in a loop, which takes several times as long: every job gets here.
    const {
      waiting = 0,
      delayed = 0,
      dead = 0,
      enqueued = 0,
      delivered = 0,
      failed = 0,
      retried = 0,
    } = changes;
    const counts = this.#of(queue);
    counts.waiting += waiting;
    counts.delayed += delayed;
    counts.dead += dead;
    counts.enqueued += enqueued;
    counts.delivered += delivered;
    counts.failed += failed;
    counts.retried += retried;
  }

  /** A number that no other job, and no other place, may get from now on. */
  used(number: number): void {
    if (number > this.#lastUsed) this.#lastUsed = number;
  }

  /** Of a queue that is no more. */
  drop(queue: number): void {
    this.#counts.delete(queue);
    this.tx.delete(keys.counts(queue));
    this.atWork.drop(queue);
  }

  write(): void {
    for (const [queue, counts] of this.#counts) this.tx.put(keys.counts(queue), encodeCounts(counts));
    this.atWork.write();
    // Steps of one turn may be made one by one, and then not in the order of their numbers.
    if (this.#lastUsed > 0 && this.#lastUsed > lastUsedIn(this.tx))
      this.tx.put(keys.lastUsed(), encode(this.#lastUsed));
  }

  #of(queue: number): Record<keyof Counts, number> {
    let counts = this.#counts.get(queue);
    if (counts === undefined) {
      counts = { ...countsIn(this.tx, queue) };
      this.#counts.set(queue, counts);
    }
    return counts;
  }
}
