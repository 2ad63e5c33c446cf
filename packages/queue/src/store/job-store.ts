import type { Store, Transaction } from 'iii-storage';
import { QueueError } from '../errors.js';
import { type Counts, type Entry, type Job, type JobState, NEW_STATE, type Position } from '../job.js';
import { bump, countsIn } from './counts.js';
import { DeadLetters } from './dead-letters.js';
import { keys, numbersOf, positionOf } from './keys.js';
import { keyAt, locate, putAt, removeFrom } from './places.js';
import { QueueDirectory } from './queue-directory.js';
import { decode, decodeJob, decodeState, encode, encodeJob, encodeState, type Place } from './records.js';

/** A job to be accepted. */
export interface NewJob extends Omit<Job, 'seq' | 'enqueuedAtMs'> {
  /** Wall time before which it must not be started. */
  readonly dueMs?: number;
  /** Jobs the queue may hold. */
  readonly maxLength?: number | undefined;
  readonly dedup?: Dedup;
}

export interface Dedup {
  readonly key: string;
  readonly windowMs: number;
  readonly onDuplicate: 'return_existing' | 'reject' | 'replace';
}

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

const DEDUP_ENDS_PER_ADD = 4;

/**
 * Jobs on an ordered, transactional store. Every transition is one transaction: it takes effect whole or not at all,
 * in the order the methods were called, and is as durable as the store promises when the promise resolves. Nothing is
 * loaded when it opens but the list of queues. A job at work stays where it waits, so that after a crash nothing has to
 * be put back (spec/worker-queue.md §8.6, §9.3).
 */
export class JobStore {
  readonly directory: QueueDirectory;
  readonly deadLetters: DeadLetters;
  #next: number;

  constructor(
    readonly store: Store,
    private readonly now: () => number,
  ) {
    this.directory = new QueueDirectory(store);
    this.deadLetters = new DeadLetters(store, (tx) => this.#nextOrder(tx));
    this.#next = 1 + lastOf(store);
  }

  counts(queue: number): Counts {
    return countsIn(this.store, queue);
  }

  job(seq: number): Job | undefined {
    const bytes = this.store.get(keys.job(seq));
    return bytes && decodeJob(bytes);
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

  /** The first job of a lane behind a position that is not taken. */
  head(
    queue: number,
    lane: string,
    after: Position | undefined,
    isTaken: (seq: number) => boolean,
  ): Entry | undefined {
    const { from, to } = keys.lane(queue, lane);
    for (const [key, value] of this.store.range({
      from: after ? keys.waiting(queue, lane, after) : from,
      to,
    })) {
      const { priority, order } = positionOf(key);
      if (after !== undefined && after.priority === priority && after.order === order) continue;
      const { seq, state } = decodeState(value);
      if (!isTaken(seq)) return { queue, lane, priority, order, seq, state };
    }
    return undefined;
  }

  /** Waiting jobs of a queue, by lane and in their order. */
  *waiting(queue: number): IterableIterator<Entry> {
    for (const [key, value] of this.store.range(keys.waitingOf(queue))) {
      yield { queue, ...positionOf(key), ...decodeState(value) };
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
    const next = this.store.range(keys.allDelayed())[Symbol.iterator]().next();
    return next.done ? undefined : numbersOf(next.value[0])[0];
  }

  nextExpiryMs(): number | undefined {
    const next = this.store.range(keys.expiries())[Symbol.iterator]().next();
    return next.done ? undefined : numbersOf(next.value[0])[0];
  }

  find(receipt: string): Located | undefined {
    const found = locate(this.store, receipt);
    const kept = found && this.store.get(keyAt(found.job, found.place));
    return found && kept && { ...found, state: decodeState(kept).state };
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
    return this.store.transaction((tx) => jobs.map((job, at) => this.#add(tx, job, first + at, isTaken)));
  }

  #add(tx: Transaction, given: NewJob, seq: number, isTaken: (seq: number) => boolean): Accepted {
    const { dueMs, maxLength, dedup, ...rest } = given;
    const now = this.now();
    const { queue, receipt } = rest;
    if (dedup !== undefined) {
      const earlier = this.#deduplicate(tx, given, dedup, isTaken);
      if (earlier !== undefined) return { receipt: earlier, deduplicated: true, queue };
    }
    if (maxLength !== undefined) {
      const { waiting, delayed } = countsIn(tx, queue);
      if (waiting + delayed >= maxLength) {
        throw new QueueError('queue_full', `queue_full: the queue holds ${waiting + delayed} jobs already`);
      }
    }
    const job: Job = { ...rest, seq, enqueuedAtMs: now };
    tx.put(keys.job(seq), encodeJob(job));
    if (job.expiresAtMs !== undefined) tx.put(keys.expiry(job.expiresAtMs, seq), encode(receipt));
    const isDelayed = dueMs !== undefined && dueMs > now;
    const place: Place = isDelayed ? { at: 'delayed', dueMs } : { at: 'waiting', order: seq };
    putAt(tx, job, place, NEW_STATE);
    bump(tx, queue, { enqueued: 1, [isDelayed ? 'delayed' : 'waiting']: 1 });
    const accepted = { receipt, deduplicated: false, queue, job };
    if (isDelayed) return { ...accepted, dueMs };
    const { lane, priority } = job;
    return { ...accepted, entry: { queue, lane, priority, order: seq, seq, state: NEW_STATE } };
  }

  /** The receipt that counts instead, when the key is known. */
  #deduplicate(
    tx: Transaction,
    { queue, namespace, receipt }: NewJob,
    { key, windowMs, onDuplicate }: Dedup,
    isTaken: (seq: number) => boolean,
  ): string | undefined {
    const now = this.now();
    this.#forgetEndedKeys(tx, now);
    const at = keys.dedup(queue, namespace, key);
    const known = tx.get(at);
    const earlier = known && decode<{ receipt: string; until: number }>(known);
    if (earlier !== undefined && earlier.until > now) {
      if (onDuplicate === 'reject') {
        throw new QueueError('duplicate_job', `dedup_key "${key}" belongs to the job ${earlier.receipt}`);
      }
      if (onDuplicate === 'return_existing') return earlier.receipt;
      if (!this.#replace(tx, earlier.receipt, isTaken)) return earlier.receipt;
    }
    tx.put(at, encode({ receipt, until: now + windowMs }));
    tx.put(keys.dedupEnd(now + windowMs, receipt), at);
    return undefined;
  }

  /** Removes a job that has not been started yet; one that is done or dead counts as removed. */
  #replace(tx: Transaction, receipt: string, isTaken: (seq: number) => boolean): boolean {
    const found = locate(tx, receipt);
    if (found === undefined || found.place.at === 'dead') return true;
    const { job, place } = found;
    if (isTaken(job.seq)) return false;
    removeFrom(tx, job, place);
    bump(tx, job.queue, { [place.at]: -1 });
    return true;
  }

  #forgetEndedKeys(tx: Transaction, now: number): void {
    const ended: Array<readonly [Uint8Array, Uint8Array]> = [];
    for (const entry of tx.range(keys.dedupEnds())) {
      if ((numbersOf(entry[0])[0] ?? 0) > now || ended.length === DEDUP_ENDS_PER_ADD) break;
      ended.push(entry);
    }
    for (const [key, dedupKey] of ended) {
      const known = tx.get(dedupKey);
      if (known !== undefined && decode<{ until: number }>(known).until <= now) tx.delete(dedupKey);
      tx.delete(key);
    }
  }

  /** Writes down what has become of a job that stays where it is: an attempt begins, ends, or does not count. */
  update(entry: Entry, state: JobState): Promise<void> {
    return this.store.transaction((tx) => {
      const key = keys.waiting(entry.queue, entry.lane, entry);
      // Cancelled or purged meanwhile: there is nothing left to write to.
      if (tx.has(key)) tx.put(key, encodeState({ seq: entry.seq, state }));
    });
  }

  /** A job has been done. */
  finish(entry: Entry, job: Job): Promise<void> {
    return this.store.transaction((tx) => {
      if (removeFrom(tx, job, { at: 'waiting', order: entry.order })) {
        bump(tx, job.queue, { waiting: -1, delivered: 1 });
      }
    });
  }

  /** A job is tried again, at `dueMs` or, where it waits in place, as its state says. */
  retry(entry: Entry, job: Job, state: JobState, dueMs: number | undefined): Promise<void> {
    return this.store.transaction((tx) => {
      const here: Place = { at: 'waiting', order: entry.order };
      if (!tx.has(keyAt(job, here))) return;
      if (dueMs === undefined) {
        putAt(tx, job, here, state);
        bump(tx, job.queue, { retried: 1 });
        return;
      }
      tx.delete(keyAt(job, here));
      putAt(tx, job, { at: 'delayed', dueMs }, state);
      bump(tx, job.queue, { waiting: -1, delayed: 1, retried: 1 });
    });
  }

  /** Removes a job from wherever it is. @returns whether there was one. */
  remove(receipt: string): Promise<boolean> {
    return this.store.transaction((tx) => {
      const found = locate(tx, receipt);
      if (found === undefined || !removeFrom(tx, found.job, found.place)) return false;
      const { job, place } = found;
      bump(tx, job.queue, { [place.at]: -1 });
      return true;
    });
  }

  /** Delayed jobs that are due become waiting ones. @returns them, at most `limit`. */
  wakeDue(nowMs: number, limit: number): Promise<Entry[]> {
    return this.store.transaction((tx) => {
      const due: Array<{ key: Uint8Array; dueMs: number; seq: number; state: JobState }> = [];
      for (const [key, value] of tx.range(keys.allDelayed())) {
        const [dueMs = 0, seq = 0] = numbersOf(key);
        if (dueMs > nowMs || due.length === limit) break;
        due.push({ key, dueMs, seq, state: decodeState(value).state });
      }
      return due.flatMap(({ key, seq, state }) => {
        tx.delete(key);
        const kept = tx.get(keys.job(seq));
        return kept === undefined ? [] : [this.#wake(tx, decodeJob(kept), state)];
      });
    });
  }

  /** A delayed job becomes a waiting one now. */
  wake(receipt: string): Promise<Entry | undefined> {
    return this.store.transaction((tx) => {
      const found = locate(tx, receipt);
      if (found === undefined || found.place.at !== 'delayed') return undefined;
      const { job, place } = found;
      const stored = tx.get(keyAt(job, place));
      tx.delete(keyAt(job, place));
      return this.#wake(tx, job, stored === undefined ? NEW_STATE : decodeState(stored).state);
    });
  }

  #wake(tx: Transaction, job: Job, state: JobState): Entry {
    // Its number is its order, so that it stands before everything that was accepted after it.
    putAt(tx, job, { at: 'waiting', order: job.seq }, state);
    bump(tx, job.queue, { delayed: -1, waiting: 1 });
    const { queue, lane, priority, seq } = job;
    return { queue, lane, priority, order: seq, seq, state };
  }

  /** Every job of a queue, with where it is. */
  *jobsOf(queue: number): IterableIterator<Located> {
    for (const { seq, order, state } of this.waiting(queue)) {
      const job = this.job(seq);
      if (job !== undefined) yield { job, state, place: { at: 'waiting', order } };
    }
    for (const { queue: of, seq, dueMs, state } of this.delayed()) {
      const job = of === queue ? this.job(seq) : undefined;
      if (job !== undefined) yield { job, state, place: { at: 'delayed', dueMs } };
    }
    for (const { job, state, failedAtMs } of this.deadLetters.of(queue)) {
      yield { job, state, place: { at: 'dead', failedAtMs } };
    }
  }

  /** Receipts of jobs whose time to be started is over, at most `limit`; they are asked for once. */
  takeExpired(nowMs: number, limit: number): Promise<string[]> {
    return this.store.transaction((tx) => {
      const expired: Array<readonly [Uint8Array, Uint8Array]> = [];
      for (const entry of tx.range(keys.expiries())) {
        if ((numbersOf(entry[0])[0] ?? 0) > nowMs || expired.length === limit) break;
        expired.push(entry);
      }
      for (const [key] of expired) tx.delete(key);
      return expired.map(([, value]) => decode<string>(value));
    });
  }

  /** Behind everything there is. */
  #nextOrder(tx: Transaction): number {
    const order = this.#next++;
    tx.put(keys.lastOrder(), encode(order));
    return order;
  }
}

/** The highest number in use. */
function lastOf(store: Store): number {
  const last = store
    .range({ ...keys.jobs(), reverse: true })
    [Symbol.iterator]()
    .next();
  const order = store.get(keys.lastOrder());
  return Math.max(
    last.done ? 0 : (numbersOf(last.value[0])[0] ?? 0),
    order === undefined ? 0 : decode<number>(order),
  );
}
