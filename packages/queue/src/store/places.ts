import type { Writable } from 'iii-protocol';
import type { Reads, Transaction } from 'iii-storage';
import { type Job, type JobState, NEW_STATE } from '../job.js';
import { keys, numbersOf } from './keys.js';
import {
  decodeJob,
  decodePlace,
  encodedJobBytes,
  encodeJob,
  encodePlace,
  encodeState,
  type Place,
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
  const record = encodeJob(job);
  job.storedBytes = record.length;
  tx.putNew(keys.job(job.seq), record);
  tx.putNew(keyAt(job, place), stateAt(job, place, NEW_STATE));
  tx.putNew(keys.receipt(job.receipt, job.seq), encodePlace(place, job.seq));
}

function stateAt({ seq, queue }: Job, place: Place, state: JobState): Uint8Array {
  return encodeState(place.at === 'waiting' ? { seq, state } : { seq, state, queue });
}

/**
 * Removes a job altogether.
 *
 * @param stateBytes of its state, where it is known to be there.
 * @returns whether it was there.
 */
export function removeFrom(tx: Transaction, job: Job, place: Place, stateBytes?: number): boolean {
  const key = keyAt(job, place);
  if (stateBytes !== undefined) tx.deleteKnown(key, stateBytes);
  else if (!tx.delete(key)) return false;
  // Where one of its records is, all are, and what is in these is known: looking them up would cost more than the rest.
  tx.deleteKnown(keys.job(job.seq), encodedJobBytes(job));
  tx.deleteKnown(keys.receipt(job.receipt, job.seq), encodePlace(place, job.seq).length);
  return true;
}

/** The job of a receipt, and where it is; the latest, should whoever made the receipt have used it twice. */
export function locate(
  reads: Reads,
  receipt: string,
): { readonly job: Job; readonly place: Place } | undefined {
  for (const [key, value] of reads.range({ ...keys.receipts(receipt), reverse: true })) {
    const [seq = 0] = numbersOf(key);
    const kept = reads.get(keys.job(seq));
    return kept && { job: decodeJob(kept), place: decodePlace(value, seq) };
  }
  return undefined;
}
