import type { Transaction } from 'iii-storage';
import { QueueError } from '../errors.js';
import { keys, numbersOf } from './keys.js';
import { decode, encode } from './records.js';

/** Jobs of one key are one job. */
export interface Dedup {
  readonly key: string;
  readonly windowMs: number;
  readonly onDuplicate: 'return_existing' | 'reject' | 'replace';
}

/** Keys whose window is over that are forgotten with each job that has one. */
const ENDS_PER_JOB = 4;

/**
 * The receipt that counts instead, when the key is known; otherwise the key stands for this job from now on.
 *
 * @param replace removes an earlier job. Returns false where that cannot be.
 * @throws QueueError duplicate_job
 */
export function deduplicate(
  tx: Transaction,
  {
    queue,
    namespace,
    receipt,
  }: { readonly queue: number; readonly namespace: string; readonly receipt: string },
  { key, windowMs, onDuplicate }: Dedup,
  now: number,
  replace: (receipt: string) => boolean,
): string | undefined {
  forgetEnded(tx, now);
  const at = keys.dedup(queue, namespace, key);
  const known = tx.get(at);
  const earlier = known && decode<{ receipt: string; until: number }>(known);
  if (earlier !== undefined && earlier.until > now) {
    if (onDuplicate === 'reject') {
      throw new QueueError('duplicate_job', `dedup_key "${key}" belongs to the job ${earlier.receipt}`);
    }
    if (onDuplicate === 'return_existing' || !replace(earlier.receipt)) return earlier.receipt;
  }
  tx.put(at, encode({ receipt, until: now + windowMs }));
  tx.put(keys.dedupEnd(now + windowMs, receipt), at);
  return undefined;
}

function forgetEnded(tx: Transaction, now: number): void {
  const ended: Array<readonly [Uint8Array, Uint8Array]> = [];
  for (const entry of tx.range(keys.dedupEnds())) {
    if ((numbersOf(entry[0])[0] ?? 0) > now || ended.length === ENDS_PER_JOB) break;
    ended.push(entry);
  }
  for (const [key, dedupKey] of ended) {
    const known = tx.get(dedupKey);
    if (known !== undefined && decode<{ until: number }>(known).until <= now) tx.delete(dedupKey);
    tx.delete(key);
  }
}
