import type { Transaction } from 'iii-storage';
import type { Entry, Job, JobState } from '../job.js';
import type { Tally } from './counts.js';
import type { JobStore } from './job-store.js';
import { keys, numbersOf } from './keys.js';
import { keyAt, locate, putAt, unfold } from './places.js';
import { decodeJob, decodeState, type Place } from './records.js';

export interface DeadLetter {
  readonly job: Job;
  readonly state: JobState;
  readonly failedAtMs: number;
  /** Bytes it takes in the store. */
  readonly bytes: number;
}

/** What is kept of dead letters. */
export interface Retention {
  readonly maxMessages: number | undefined;
  readonly ttlMs: number | undefined;
}

/** Jobs that will not be tried again by themselves (spec/worker-queue.md §7.3, §7.4). */
export class DeadLetters {
  constructor(
    private readonly jobs: JobStore,
    /** A number behind everything there is. */
    private readonly nextOrder: (tally: Tally) => number,
  ) {}

  /** Newest first. */
  *of(queue: number): IterableIterator<DeadLetter> {
    for (const [key, value] of this.jobs.store.range({ ...keys.deadOf(queue), reverse: true })) {
      const [, failedAtMs = 0, seq = 0] = numbersOf(key);
      const bytes = this.jobs.store.get(keys.job(seq));
      if (bytes === undefined) continue;
      yield {
        job: decodeJob(bytes),
        state: decodeState(value).state,
        failedAtMs,
        bytes: bytes.length + value.length,
      };
    }
  }

  /** A waiting or delayed job becomes a dead letter. @returns whether it was there. */
  bury(job: Job, from: Place, state: JobState, nowMs: number, retention: Retention): Promise<boolean> {
    return this.jobs.change((tx, tally) => {
      const key = keyAt(job, from);
      if (!unfold(tx, this.jobs.recent, key)) return false;
      tx.delete(key);
      tally.atWork.remove(job.queue, job.seq);
      putAt(tx, job, { at: 'dead', failedAtMs: nowMs }, state);
      tally.add(job.queue, { [from.at]: -1, dead: 1, failed: 1 });
      this.#retain(tx, tally, job.queue, nowMs, retention);
      return true;
    });
  }

  /** Puts those back that are dead now, oldest first, behind everything that waits. */
  async redrive(queue: number): Promise<Entry[]> {
    const receipts = [...this.of(queue)].map(({ job }) => job.receipt).reverse();
    const entries: Entry[] = [];
    for (let at = 0; at < receipts.length; at += BATCH) {
      const batch = receipts.slice(at, at + BATCH);
      const moved = await this.jobs.change((tx, tally) =>
        batch.flatMap((receipt) => this.#redrive(tx, tally, receipt, queue) ?? []),
      );
      entries.push(...moved);
    }
    return entries;
  }

  redriveOne(queue: number, receipt: string): Promise<Entry | undefined> {
    return this.jobs.change((tx, tally) => this.#redrive(tx, tally, receipt, queue));
  }

  discardOne(queue: number, receipt: string): Promise<boolean> {
    return this.jobs.change((tx, tally) => {
      const found = this.#find(tx, receipt, queue);
      if (found === undefined) return false;
      this.jobs.removeFrom(tx, tally, found.job, found.place);
      tally.add(queue, { dead: -1 });
      return true;
    });
  }

  async discard(queue: number): Promise<number> {
    const receipts = [...this.of(queue)].map(({ job }) => job.receipt);
    let discarded = 0;
    for (const receipt of receipts) if (await this.discardOne(queue, receipt)) discarded++;
    return discarded;
  }

  /** Discards those that died before a time. */
  async discardOlder(queue: number, beforeMs: number): Promise<void> {
    const { from } = keys.deadOf(queue);
    const to = keys.dead(queue, beforeMs, 0);
    const old = [...this.jobs.store.range({ from, to })].map(([key]) => numbersOf(key));
    for (let at = 0; at < old.length; at += BATCH) {
      await this.jobs.change((tx, tally) => this.#drop(tx, tally, queue, old.slice(at, at + BATCH)));
    }
  }

  #redrive(tx: Transaction, tally: Tally, receipt: string, queue: number): Entry | undefined {
    const found = this.#find(tx, receipt, queue);
    if (found === undefined) return undefined;
    const { job, place, state: before } = found;
    tx.delete(keys.dead(queue, place.failedAtMs, job.seq));
    const order = this.nextOrder(tally);
    // Attempts are counted from nothing again; what went wrong so far stays known.
    const state: JobState = { started: 0, failed: 0, interrupted: 0, errors: before.errors };
    putAt(tx, job, { at: 'waiting', order }, state);
    tally.add(queue, { dead: -1, waiting: 1 });
    const { lane, priority, seq } = job;
    return { queue, lane, priority, order, seq, state };
  }

  #find(tx: Transaction, receipt: string, queue: number) {
    const found = locate(tx, receipt);
    if (found === undefined || found.place.at !== 'dead') return undefined;
    const { job, place } = found;
    const stored = tx.get(keyAt(job, place));
    if (job.queue !== queue || stored === undefined) return undefined;
    return { job, place, state: decodeState(stored).state };
  }

  #retain(
    tx: Transaction,
    tally: Tally,
    queue: number,
    nowMs: number,
    { maxMessages, ttlMs }: Retention,
  ): void {
    if (maxMessages === undefined && ttlMs === undefined) return;
    const dead = [...tx.range(keys.deadOf(queue))].map(([key]) => numbersOf(key));
    const tooMany = maxMessages === undefined ? 0 : dead.length - maxMessages;
    const dropped = dead.filter(
      ([, failedAtMs = 0], at) => at < tooMany || (ttlMs !== undefined && failedAtMs + ttlMs <= nowMs),
    );
    this.#drop(tx, tally, queue, dropped);
  }

  /** @param dead the numbers of their keys. */
  #drop(tx: Transaction, tally: Tally, queue: number, dead: ReadonlyArray<readonly number[]>): void {
    let dropped = 0;
    for (const [, failedAtMs = 0, seq = 0] of dead) {
      const bytes = tx.get(keys.job(seq));
      if (
        bytes !== undefined &&
        this.jobs.removeFrom(tx, tally, decodeJob(bytes), { at: 'dead', failedAtMs })
      )
        dropped++;
    }
    if (dropped > 0) tally.add(queue, { dead: -dropped });
  }
}

/** Jobs moved in one transaction. */
const BATCH = 500;
