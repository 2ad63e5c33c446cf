import type { Writable } from 'iii-protocol';
import type { Reads, Transaction } from 'iii-storage';
import { type Job, type JobState, NEW_STATE } from '../job.js';
import { keys, numbersOf } from './keys.js';
import { keyToldBy } from './numbered-lanes.js';
import type { RecentJobs } from './recent-jobs.js';
import {
  decodeInPlace,
  decodeJob,
  decodePlace,
  decodeState,
  encodedJobBytes,
  encodeInPlace,
  encodeJob,
  encodePlace,
  encodeState,
  fitsInPlace,
  isInPlace,
  isToldByReceipt,
  ownRecord,
  type Place,
  untriedStateBytes,
} from './records.js';

export function keyAt(job: Job, place: Place): Uint8Array {
  if (place.at === 'waiting') {
    return keys.waiting(job.queue, job.lane, { priority: job.priority, order: place.order });
  }
  return place.at === 'delayed'
    ? keys.delayed(place.dueMs, job.seq)
    : keys.dead(job.queue, place.failedAtMs, job.seq);
}

/** Writes a job down at a place, and its receipt. */
export function putAt(tx: Transaction, job: Job, place: Place, state: JobState): void {
  tx.put(keyAt(job, place), stateAt(job, place, state));
  tx.put(keys.receipt(job.receipt, job.seq), encodePlace(place, job.seq));
}

/** Writes down a job that has not been there before. Its number is in all its keys, so that there is nothing under them. */
export function putNewAt(tx: Transaction, job: Writable<Job>, place: Place): void {
  const key = keyAt(job, place);
  if (place.at === 'waiting' && fitsInPlace(job)) {
    const record = encodeInPlace(job);
    job.storedBytes = record.length;
    job.isInPlace = true;
    tx.putNew(key, record);
    if (!job.isToldByReceipt) tx.putNew(keys.receipt(job.receipt, job.seq), key);
    return;
  }
  const record = encodeJob(job);
  job.storedBytes = record.length;
  tx.putNew(keys.job(job.seq), record);
  tx.putNew(key, stateAt(job, place, NEW_STATE));
  tx.putNew(keys.receipt(job.receipt, job.seq), encodePlace(place, job.seq));
}

function stateAt({ seq, queue }: Job, place: Place, state: JobState): Uint8Array {
  return encodeState(place.at === 'waiting' ? { seq, state } : { seq, state, queue });
}

/**
 * A job is about to be moved, or more is to be said of it than that it waits: where its record is that of its place, it
 * gets one of its own.
 *
 * @returns whether it was there.
 */
export function unfold(tx: Transaction, recent: RecentJobs, key: Uint8Array): boolean {
  const record = tx.get(key);
  if (record === undefined) return false;
  if (!isInPlace(record)) return true;
  const { seq, receipt } = decodeInPlace(record);
  // Whoever asks for it from now on gets it as it is now.
  recent.forget(seq);
  tx.put(keys.job(seq), ownRecord(record));
  tx.put(keys.receipt(receipt, seq), encodePlace({ at: 'waiting', order: seq }, seq));
  return true;
}

/** The job whose number and state a place has, and it itself perhaps. */
export function jobIn(reads: Reads, record: Uint8Array): Job | undefined {
  if (isInPlace(record)) return decodeInPlace(record);
  const own = reads.get(keys.job(decodeState(record).seq));
  return own && decodeJob(own);
}

/** Bytes of what stands at a place of a job that has never been tried. No other state takes as few. */
export function untriedBytes(job: Job): number {
  return job.isInPlace && job.storedBytes !== undefined ? job.storedBytes : untriedStateBytes(job.seq);
}

/**
 * Removes a job altogether.
 *
 * @param isUntried whether it is known to be there, and as it was when it came.
 * @returns whether it was there.
 */
export function removeFrom(tx: Transaction, job: Job, place: Place, isUntried: boolean): boolean {
  const key = keyAt(job, place);
  let inPlace = job.isInPlace === true;
  let hasReceipt = !job.isToldByReceipt;
  if (isUntried) tx.deleteKnown(key, untriedBytes(job));
  else {
    const record = tx.get(key);
    if (record === undefined) return false;
    inPlace = isInPlace(record);
    hasReceipt = !isToldByReceipt(record);
    tx.delete(key);
  }
  // Where one of its records is, all are, and what is in these is known: looking them up would cost more than the rest.
  if (!hasReceipt) return true;
  const receipt = keys.receipt(job.receipt, job.seq);
  if (inPlace) tx.deleteKnown(receipt, key.length);
  else {
    tx.deleteKnown(receipt, encodePlace(place, job.seq).length);
    tx.deleteKnown(keys.job(job.seq), encodedJobBytes(job));
  }
  return true;
}

/** The job of a receipt, and where it is; the latest, should whoever made the receipt have used it twice. */
export function locate(
  reads: Reads,
  receipt: string,
): { readonly job: Job; readonly place: Place } | undefined {
  for (const [key, value] of reads.range({ ...keys.receipts(receipt), reverse: true })) {
    const [seq = 0] = numbersOf(key);
    if (isKey(value)) {
      const record = reads.get(value);
      return record && { job: decodeInPlace(record), place: { at: 'waiting', order: seq } };
    }
    const kept = reads.get(keys.job(seq));
    return kept && { job: decodeJob(kept), place: decodePlace(value, seq) };
  }
  return toldBy(reads, receipt);
}

/** The job that waits where its receipt says. */
function toldBy(reads: Reads, receipt: string): { readonly job: Job; readonly place: Place } | undefined {
  const key = keyToldBy(reads, receipt);
  const record = key && reads.get(key);
  if (record === undefined || !isToldByReceipt(record)) return undefined;
  const job = decodeInPlace(record);
  // Of another receipt, the same bits say this by chance, or on purpose.
  return job.receipt === receipt ? { job, place: { at: 'waiting', order: job.seq } } : undefined;
}

/** Of a receipt of a job that is written down where it waits; other places are JSON. */
function isKey(value: Uint8Array): boolean {
  return value[0] === FIRST_OF_KEYS;
}

const [FIRST_OF_KEYS] = keys.atWork(0);
