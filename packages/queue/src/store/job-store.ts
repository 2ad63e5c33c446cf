import { timedUuid } from 'iii-protocol';
import type { Store, Transaction } from 'iii-storage';
import { QueueError } from '../errors.js';
import {
  type Counts,
  type Entry,
  type Job,
  type JobState,
  NEW_STATE,
  NO_COUNTS,
  type Position,
} from '../job.js';
import { listedIn, stateAmong } from './at-work.js';
import { Beginning } from './beginning.js';
import { countsIn, highestIn, type Tally } from './counts.js';
import { DeadLetters } from './dead-letters.js';
import { deduplicate } from './deduplication.js';
import { Finishing } from './finishing.js';
import { firstNumber, keys, numbersOf, positionInLane, positionOf } from './keys.js';
import { jobOf, type NewJob } from './new-job.js';
import { NumberedLanes } from './numbered-lanes.js';
import { jobIn, keyAt, locate, putAt, putNewAt, removeFrom, unfold } from './places.js';
import { QueueDirectory } from './queue-directory.js';
import { RecentJobs } from './recent-jobs.js';
import {
  decodeInPlace,
  decodeJob,
  decodeState,
  encode,
  encodeState,
  isInPlace,
  type Place,
} from './records.js';
import { type Transition, Transitions } from './transitions.js';

/** What became of a job that was handed in. */
export interface Accepted {
  readonly receipt: string;
  /** Whether the receipt is that of an earlier job, and this one was dropped. */
  readonly deduplicated: boolean;
  readonly queue: number;
  /** Where it waits; absent when it is delayed, or dropped. */
  readonly entry?: Entry;
  /** Wall time it is delayed until. */
  readonly dueMs?: number;
  readonly job?: Job;
}

/** A job and where it is. */
export interface Located {
  readonly job: Job;
  readonly state: JobState;
  readonly place: Place;
}

/**
 * Jobs on an ordered, transactional store. Every transition takes effect whole or not at all, in the order the methods
 * were called, and is as durable as the store promises when the promise resolves. Nothing is loaded when it opens but
 * the list of queues. A job at work stays where it waits, so that after a crash nothing has to be put back
 * (spec/worker-queue.md §8.6, §9.3).
 */
export class JobStore {
  readonly directory: QueueDirectory;
  readonly deadLetters: DeadLetters;
  readonly #transitions: Transitions;
  readonly recent = new RecentJobs();
  readonly #lanes: NumberedLanes;
  #next: number;
  /** Changes on their way that may remove, or make another of, a job that is not taken. The store shows it until then. */
  #withdrawals = 0;

  constructor(
    readonly store: Store,
    private readonly now: () => number,
  ) {
    this.directory = new QueueDirectory(store);
    this.#transitions = new Transitions(store);
    this.#lanes = new NumberedLanes(store);
    this.deadLetters = new DeadLetters(this, (tally) => this.#nextOrder(tally));
    this.#next = 1 + highestIn(store);
  }

  counts(queue: number): Counts {
    return countsIn(this.store, queue);
  }

  /** The job that waits, or is at work, at a place. */
  jobAt(entry: Entry): Job | undefined {
    const recent = this.recent.get(entry.seq);
    if (recent !== undefined) return recent;
    const record = this.store.get(keys.waiting(entry.queue, entry.lane, entry));
    return record && jobIn(this.store, record);
  }

  /** Resolves with what the change returns, once it is durable. */
  change<T>(change: Transition<T>): Promise<T> {
    return this.#withdrawing(this.#transitions.make(change));
  }

  #withdrawing<T>(settled: Promise<T>): Promise<T> {
    this.#withdrawals++;
    return settled.finally(() => this.#withdrawals--);
  }

  /** Makes the changes that are on their way, and closes the store. */
  async close(): Promise<void> {
    await this.#transitions.finish();
    await this.store.close();
  }

  /** Lanes of a queue that have jobs; costs a look-up each. */
  *lanes(queue: number): IterableIterator<string> {
    const { from, to } = keys.waitingOf(queue);
    for (let start = from; ; ) {
      const [first] = this.store.range({ from: start, to })[Symbol.iterator]().next().value ?? [];
      if (first === undefined) return;
      const { lane } = positionOf(first);
      yield lane;
      start = keys.lane(queue, lane).to as typeof from;
    }
  }

  /** The first jobs of a lane behind a position that are not taken, in their order. */
  heads(
    queue: number,
    lane: string,
    after: Position | undefined,
    isTaken: (seq: number) => boolean,
    limit: number,
  ): Entry[] {
    const { from, to } = keys.lane(queue, lane);
    const start = after ? keys.waiting(queue, lane, after) : from;
    const entries: Entry[] = [];
    const listed = listedIn(this.store, queue);
    for (const [key, value] of this.store.range({ from: start, to })) {
      const { priority, order } = positionInLane(key);
      if (after !== undefined && after.priority === priority && after.order === order) continue;
      const { seq, state } = decodeState(value);
      if (isTaken(seq)) continue;
      if (this.#withdrawals === 0 && isInPlace(value)) {
        this.recent.keepFound(seq, value.length, () => decodeInPlace(value));
      }
      entries.push({ queue, lane, priority, order, seq, state: stateAmong(listed, seq, state) });
      if (entries.length === limit) break;
    }
    return entries;
  }

  /** Waiting jobs of a queue, by lane and in their order. */
  *waiting(queue: number): IterableIterator<Entry> {
    const listed = listedIn(this.store, queue);
    for (const [key, value] of this.store.range(keys.waitingOf(queue))) {
      const { seq, state } = decodeState(value);
      yield { queue, ...positionOf(key), seq, state: stateAmong(listed, seq, state) };
    }
  }

  /** Delayed jobs of all queues, by when they are due. */
  *delayed(): IterableIterator<{ dueMs: number; seq: number; queue: number; state: JobState }> {
    for (const [key, value] of this.store.range(keys.allDelayed())) {
      const [dueMs = 0, seq = 0] = numbersOf(key);
      const { queue = 0, state } = decodeState(value);
      yield { dueMs, seq, queue, state };
    }
  }

  nextDueMs(): number | undefined {
    return firstNumber(this.store, keys.allDelayed());
  }

  nextExpiryMs(): number | undefined {
    return firstNumber(this.store, keys.expiries());
  }

  find(receipt: string): Located | undefined {
    const found = locate(this.store, receipt);
    const kept = found && this.store.get(keyAt(found.job, found.place));
    if (found === undefined || kept === undefined) return undefined;
    const { queue, seq } = found.job;
    return { ...found, state: stateAmong(listedIn(this.store, queue), seq, decodeState(kept).state) };
  }

  /**
   * Accepts jobs, all or none.
   *
   * @param isTaken whether a job is at work, and cannot be replaced.
   * @throws QueueError queue_full, duplicate_job. StorageError
   */
  add(jobs: readonly NewJob[], isTaken: (seq: number) => boolean): Promise<Accepted[]> {
    // Numbers are given when the method is called, so that they are in the order of the calls.
    const first = this.#next;
    this.#next += jobs.length;
    return this.#adding(
      jobs,
      this.#transitions.make((tx, tally) =>
        jobs.map((job, at) => this.#add(tx, tally, job, first + at, isTaken)),
      ),
    );
  }

  /** As {@link add}, each for itself. Never rejects. */
  addEach(
    jobs: readonly NewJob[],
    isTaken: (seq: number) => boolean,
  ): Promise<ReadonlyArray<PromiseSettledResult<Accepted>>> {
    const first = this.#next;
    this.#next += jobs.length;
    return this.#adding(
      jobs,
      this.#transitions.makeEach(jobs, (tx, tally, job, at) =>
        this.#add(tx, tally, job, first + at, isTaken),
      ),
    );
  }

  /** A deduplication key may stand for a job that is replaced. */
  #adding<T>(jobs: readonly NewJob[], added: Promise<T>): Promise<T> {
    return jobs.some(({ dedup }) => dedup !== undefined) ? this.#withdrawing(added) : added;
  }

  #add(
    tx: Transaction,
    tally: Tally,
    given: NewJob,
    seq: number,
    isTaken: (seq: number) => boolean,
  ): Accepted {
    const { queue, lane, priority, dueMs, maxLength, dedup } = given;
    const now = this.now();
    const isDelayed = dueMs !== undefined && dueMs > now;
    const told = isDelayed ? undefined : this.#lanes.receiptOf(tx, given, seq);
    const receipt = given.receipt ?? told ?? timedUuid(now);
    if (dedup !== undefined) {
      const replace = (earlier: string) => this.#replace(tx, tally, earlier, isTaken);
      const earlier = deduplicate(tx, { ...given, receipt }, dedup, now, replace);
      if (earlier !== undefined) return { receipt: earlier, deduplicated: true, queue };
    }
    if (maxLength !== undefined) {
      const { waiting, delayed } = tally.of(queue);
      if (waiting + delayed >= maxLength) {
        throw new QueueError('queue_full', `queue_full: the queue holds ${waiting + delayed} jobs already`);
      }
    }
    const job = jobOf(given, seq, receipt, now);
    if (told !== undefined) job.isToldByReceipt = true;
    if (job.expiresAtMs !== undefined) tx.put(keys.expiry(job.expiresAtMs, seq), encode(receipt));
    const place: Place = isDelayed ? { at: 'delayed', dueMs } : { at: 'waiting', order: seq };
    putNewAt(tx, job, place);
    tally.used(seq);
    tally.add(queue, isDelayed ? ONE_MORE_DELAYED : ONE_MORE_WAITING);
    if (isDelayed) return { receipt, deduplicated: false, queue, job, dueMs };
    this.recent.add(job, tally.of(queue).waiting);
    const entry = { queue, lane, priority, order: seq, seq, state: NEW_STATE };
    return { receipt, deduplicated: false, queue, job, entry };
  }

  /** Removes a job that has not been started yet; one that is done or dead counts as removed. */
  #replace(tx: Transaction, tally: Tally, receipt: string, isTaken: (seq: number) => boolean): boolean {
    const found = locate(tx, receipt);
    if (found === undefined || found.place.at === 'dead') return true;
    const { job, place } = found;
    if (isTaken(job.seq)) return false;
    this.removeFrom(tx, tally, job, place);
    tally.add(job.queue, { [place.at]: -1 });
    return true;
  }

  /**
   * An attempt begins. It is written before whatever follows from it, so that nobody waits for it.
   *
   * @param state what had become of the job before.
   * @param refused told when it could not be written.
   */
  begin(entry: Entry, job: Job, state: JobState, refused: (error: unknown) => void): void {
    this.#transitions.ask(new Beginning(entry, job, state, this.recent, refused));
  }

  /** Writes down what has become of a job that stays where it is: an attempt ends, or does not count. */
  update(entry: Entry, state: JobState): Promise<void> {
    return this.change((tx, { atWork }) => {
      const { queue, lane, seq } = entry;
      const key = keys.waiting(queue, lane, entry);
      atWork.remove(queue, seq);
      if (unfold(tx, this.recent, key)) tx.put(key, encodeState({ seq, state }));
    });
  }

  /** A job has been done. @param job the same that its attempt began with: its size is what is known of its records. */
  finish(entry: Entry, job: Job): Promise<void> {
    return new Promise((resolve, reject) =>
      this.finishAnd(entry, job, (error) => (error === undefined ? resolve() : reject(error))),
    );
  }

  /** @param told with why it could not be written, if so. Must not throw. */
  finishAnd(entry: Entry, job: Job, told: (error?: unknown) => void): void {
    this.#transitions.ask(new Finishing(entry, job, this, told));
  }

  /** A job is tried again, at `dueMs` or, where it waits in place, as its state says. */
  retry(entry: Entry, job: Job, state: JobState, dueMs: number | undefined): Promise<void> {
    return this.change((tx, tally) => {
      const here: Place = { at: 'waiting', order: entry.order };
      tally.atWork.remove(job.queue, job.seq);
      if (!unfold(tx, this.recent, keyAt(job, here))) return;
      if (dueMs === undefined) {
        putAt(tx, job, here, state);
        tally.add(job.queue, { retried: 1 });
        return;
      }
      tx.delete(keyAt(job, here));
      putAt(tx, job, { at: 'delayed', dueMs }, state);
      tally.add(job.queue, { waiting: -1, delayed: 1, retried: 1 });
    });
  }

  /** Removes a job from wherever it is. @returns whether there was one. */
  remove(receipt: string): Promise<boolean> {
    return this.change((tx, tally) => {
      const found = locate(tx, receipt);
      if (found === undefined || !this.removeFrom(tx, tally, found.job, found.place)) return false;
      const { job, place } = found;
      tally.add(job.queue, { [place.at]: -1 });
      return true;
    });
  }

  /** Removes a job altogether, as part of a change. @returns whether it was there. */
  removeFrom(tx: Transaction, tally: Tally, job: Job, place: Place): boolean {
    this.recent.forget(job.seq);
    // What is listed is there, and as it was when it came.
    const isListed = place.at === 'waiting' && tally.atWork.remove(job.queue, job.seq);
    return removeFrom(tx, job, place, isListed);
  }

  /** Delayed jobs that are due become waiting ones. @returns them, at most `limit`. */
  wakeDue(nowMs: number, limit: number): Promise<Entry[]> {
    return this.change((tx, tally) => {
      const due: Array<{ key: Uint8Array; dueMs: number; seq: number; state: JobState }> = [];
      for (const [key, value] of tx.range(keys.allDelayed())) {
        const [dueMs = 0, seq = 0] = numbersOf(key);
        if (dueMs > nowMs || due.length === limit) break;
        due.push({ key, dueMs, seq, state: decodeState(value).state });
      }
      return due.flatMap(({ key, seq, state }) => {
        tx.delete(key);
        const kept = tx.get(keys.job(seq));
        return kept === undefined ? [] : [this.#wake(tx, tally, decodeJob(kept), state)];
      });
    });
  }

  /** A delayed job becomes a waiting one now. */
  wake(receipt: string): Promise<Entry | undefined> {
    return this.change((tx, tally) => {
      const found = locate(tx, receipt);
      if (found === undefined || found.place.at !== 'delayed') return undefined;
      const { job, place } = found;
      const stored = tx.get(keyAt(job, place));
      tx.delete(keyAt(job, place));
      return this.#wake(tx, tally, job, stored === undefined ? NEW_STATE : decodeState(stored).state);
    });
  }

  #wake(tx: Transaction, tally: Tally, job: Job, state: JobState): Entry {
    // Its number is its order, so that it stands before everything that was accepted after it.
    putAt(tx, job, { at: 'waiting', order: job.seq }, state);
    tally.add(job.queue, { delayed: -1, waiting: 1 });
    const { queue, lane, priority, seq } = job;
    return { queue, lane, priority, order: seq, seq, state };
  }

  /** Every job of a queue, with where it is. */
  *jobsOf(queue: number): IterableIterator<Located> {
    const listed = listedIn(this.store, queue);
    for (const [key, value] of this.store.range(keys.waitingOf(queue))) {
      const job = jobIn(this.store, value);
      if (job === undefined) continue;
      const state = stateAmong(listed, job.seq, decodeState(value).state);
      yield { job, state, place: { at: 'waiting', order: positionOf(key).order } };
    }
    for (const { queue: of, seq, dueMs, state } of this.delayed()) {
      const own = of === queue ? this.store.get(keys.job(seq)) : undefined;
      if (own !== undefined) yield { job: decodeJob(own), state, place: { at: 'delayed', dueMs } };
    }
    for (const { job, state, failedAtMs } of this.deadLetters.of(queue)) {
      yield { job, state, place: { at: 'dead', failedAtMs } };
    }
  }

  /** Behind everything there is. */
  #nextOrder(tally: Tally): number {
    const order = this.#next++;
    tally.used(order);
    return order;
  }
}

const ONE_MORE_WAITING = { ...NO_COUNTS, enqueued: 1, waiting: 1 };
const ONE_MORE_DELAYED = { ...NO_COUNTS, enqueued: 1, delayed: 1 };
