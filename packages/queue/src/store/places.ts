import type { Transaction } from 'iii-storage';
import type { Job, JobState } from '../job.js';
import { keys } from './keys.js';
import { decodeJob, decodeReceipt, encodeReceipt, encodeState, type Place } from './records.js';

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
  const queue = place.at === 'waiting' ? {} : { queue: job.queue };
  tx.put(keyAt(job, place), encodeState({ seq: job.seq, state, ...queue }));
  tx.put(keys.receipt(job.receipt), encodeReceipt({ seq: job.seq, place }));
}

/** Removes a job altogether. @returns whether it was there. */
export function removeFrom(tx: Transaction, job: Job, place: Place): boolean {
  if (!tx.delete(keyAt(job, place))) return false;
  tx.delete(keys.job(job.seq));
  tx.delete(keys.receipt(job.receipt));
  return true;
}

/** The job of a receipt, and where it is. */
export function locate(
  tx: Pick<Transaction, 'get'>,
  receipt: string,
): { readonly job: Job; readonly place: Place } | undefined {
  const bytes = tx.get(keys.receipt(receipt));
  if (bytes === undefined) return undefined;
  const { seq, place } = decodeReceipt(bytes);
  const kept = tx.get(keys.job(seq));
  return kept && { job: decodeJob(kept), place };
}
