import type { Job } from '../job.js';
import type { JobStore } from './job-store.js';
import { keys, numbersOf, positionOf } from './keys.js';
import { jobIn, locate, putAt } from './places.js';
import { decode, decodeState, encodeJob, type Place } from './records.js';

const REMOVED_AT_ONCE = 500;

/** Every waiting job of a queue becomes what `change` makes of it, another queue's for instance. */
export function moveAll(jobs: JobStore, queue: number, change: (job: Job) => Job): Promise<void> {
  return jobs.change((tx, tally) => {
    for (const [key, value] of [...tx.range(keys.waitingOf(queue))]) {
      const kept = jobIn(tx, value);
      if (kept === undefined) continue;
      const { state } = decodeState(value);
      const job = change(kept);
      tx.delete(key);
      jobs.recent.forget(job.seq);
      tx.put(keys.job(job.seq), encodeJob(job));
      putAt(tx, job, { at: 'waiting', order: positionOf(key).order }, state);
      tally.add(queue, { waiting: -1 });
      tally.add(job.queue, { waiting: 1, enqueued: 1 });
    }
    tx.delete(keys.queue(queue));
    tally.drop(queue);
  });
}

/** Removes all jobs of a queue, wherever they are, in transactions of bounded size. */
export async function removeAll(jobs: JobStore, queue: number): Promise<void> {
  for (;;) {
    const receipts: string[] = [];
    for (const { job } of jobs.jobsOf(queue)) if (receipts.push(job.receipt) === REMOVED_AT_ONCE) break;
    if (receipts.length === 0) return;
    await jobs.change((tx, tally) => {
      for (const receipt of receipts) {
        const found = locate(tx, receipt);
        if (found === undefined || !jobs.removeFrom(tx, tally, found.job, found.place)) continue;
        tally.add(queue, { [found.place.at]: -1 });
      }
    });
  }
}

/** Removes jobs of a queue that are at one kind of place and not taken. @returns how many. */
export async function purge(
  jobs: JobStore,
  queue: number,
  at: Place['at'],
  isTaken: (seq: number) => boolean,
): Promise<number> {
  const doomed: string[] = [];
  for (const { job, place } of jobs.jobsOf(queue)) if (place.at === at) doomed.push(job.receipt);
  let purged = 0;
  for (let start = 0; start < doomed.length; start += REMOVED_AT_ONCE) {
    purged += await jobs.change((tx, tally) => {
      let removed = 0;
      for (const receipt of doomed.slice(start, start + REMOVED_AT_ONCE)) {
        const found = locate(tx, receipt);
        if (found?.place.at !== at || isTaken(found.job.seq)) continue;
        if (jobs.removeFrom(tx, tally, found.job, found.place)) removed++;
      }
      if (removed > 0) tally.add(queue, { [at]: -removed });
      return removed;
    });
  }
  return purged;
}

/** Drops the oldest waiting jobs of a queue, as far as they are too many or too old. */
export function trim(
  jobs: JobStore,
  queue: number,
  maxJobs: number,
  acceptedBeforeMs: number,
): Promise<number> {
  return jobs.change((tx, tally) => {
    let left = tally.of(queue).waiting;
    let dropped = 0;
    for (const [key, value] of [...tx.range(keys.waitingOf(queue))]) {
      const job = jobIn(tx, value);
      if (job !== undefined && left <= maxJobs && job.enqueuedAtMs >= acceptedBeforeMs) break;
      if (job !== undefined) jobs.removeFrom(tx, tally, job, { at: 'waiting', order: positionOf(key).order });
      left--;
      dropped++;
    }
    if (dropped > 0) tally.add(queue, { waiting: -dropped });
    return dropped;
  });
}

/** Receipts of jobs whose time to be started is over, at most `limit`; they are asked for once. */
export function takeExpired(jobs: JobStore, nowMs: number, limit: number): Promise<string[]> {
  return jobs.change((tx) => {
    const expired: Array<readonly [Uint8Array, Uint8Array]> = [];
    for (const entry of tx.range(keys.expiries())) {
      if ((numbersOf(entry[0])[0] ?? 0) > nowMs || expired.length === limit) break;
      expired.push(entry);
    }
    for (const [key] of expired) tx.delete(key);
    return expired.map(([, value]) => decode<string>(value));
  });
}
