import type { Reads, Transaction } from 'iii-storage';
import { begun, type JobState } from '../job.js';
import { keys } from './keys.js';
import { decodeNumbers, encodeNumbers } from './records.js';

/**
 * Jobs of a queue that are listed at a time. The list is written anew with every turn in which it changes, so it has to
 * stay short; an attempt that finds it full is written down with its job, as is one that is not the first.
 */
export const MOST_LISTED = 200;

/** Numbers of the jobs of a queue whose attempts have begun and not ended, as far as they are listed. */
export function listedIn(reads: Reads, queue: number): readonly number[] {
  return decodeNumbers(reads.get(keys.atWork(queue)));
}

/** What has become of a waiting job: an attempt that is listed has begun since its own record was written. */
export function stateAmong(listed: readonly number[], seq: number, state: JobState): JobState {
  return listed.includes(seq) ? begun(state) : state;
}

/**
 * Lists the jobs at work of each queue, so that a transaction in which many attempts begin and end writes that once. It is
 * read from the transaction and written as part of it: what is refused, or made a second time, leaves nothing here.
 *
 * A job is listed only when it has never been tried before, and while its own record says so. Whatever changes or removes
 * that record takes it off the list.
 */
export class JobsAtWork {
  readonly #lists = new Map<number, { readonly listed: number[]; isChanged: boolean }>();

  constructor(private readonly tx: Transaction) {}

  /** @returns whether there was room for it. */
  add(queue: number, seq: number): boolean {
    const list = this.#of(queue);
    if (list.listed.length >= MOST_LISTED) return false;
    list.listed.push(seq);
    list.isChanged = true;
    return true;
  }

  /** @returns whether it was listed. */
  remove(queue: number, seq: number): boolean {
    const list = this.#of(queue);
    const { listed } = list;
    const at = listed.indexOf(seq);
    if (at === -1) return false;
    // Their order says nothing.
    const last = listed.pop();
    if (last !== undefined && at < listed.length) listed[at] = last;
    list.isChanged = true;
    return true;
  }

  /** Of a queue that is no more. */
  drop(queue: number): void {
    this.#lists.delete(queue);
    this.tx.delete(keys.atWork(queue));
  }

  write(): void {
    for (const [queue, { listed, isChanged }] of this.#lists) {
      if (!isChanged) continue;
      if (listed.length === 0) this.tx.delete(keys.atWork(queue));
      else this.tx.put(keys.atWork(queue), encodeNumbers(listed));
    }
  }

  #of(queue: number) {
    let list = this.#lists.get(queue);
    if (list === undefined) {
      list = { listed: decodeNumbers(this.tx.get(keys.atWork(queue))), isChanged: false };
      this.#lists.set(queue, list);
    }
    return list;
  }
}
