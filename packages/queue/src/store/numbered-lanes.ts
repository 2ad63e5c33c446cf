import { MOST_AT_END, numberedUuid, numbersInUuid } from 'iii-protocol';
import { partsOf, type Reads, type Transaction } from 'iii-storage';
import { functionLane } from '../lane-names.js';
import { firstNumber, keys } from './keys.js';
import type { NewJob } from './new-job.js';
import { decode, encode, fitsInPlace } from './records.js';

/** Lanes whose numbers are known without a look. */
const MOST_KNOWN = 10_000;
/** Where everything waits that nobody has given another one. */
const USUAL_PRIORITY = 0;

/**
 * Numbers of lanes, for receipts that say where their job waits: with them, a job that is done as it was put in is one
 * record, and no index of receipts is written for it. Only lanes of functions get numbers, of which there are few; groups
 * and concurrency keys come and go.
 */
export class NumberedLanes {
  /** By queue, those that are durable. */
  readonly #known = new Map<number, Map<string, number>>();
  #count = 0;

  constructor(private readonly store: Reads) {}

  /** A receipt that says where a job waits, for one that is short and in the lane of its function, and has none yet. */
  receiptOf(tx: Transaction, job: NewJob, seq: number): string | undefined {
    const { queue, lane, priority, receipt, namespace, functionId } = job;
    if (receipt !== undefined || priority !== USUAL_PRIORITY || !fitsInPlace(job)) return undefined;
    if (lane !== functionLane(namespace, functionId)) return undefined;
    const number = this.#known.get(queue)?.get(lane) ?? this.#look(tx, queue, lane);
    return number > MOST_AT_END ? undefined : numberedUuid(seq, number);
  }

  /** A lane that has no number gets the next. */
  #look(tx: Transaction, queue: number, lane: string): number {
    const key = keys.laneNumber(queue, lane);
    const stored = tx.get(key);
    if (stored !== undefined) {
      const number = decode<number>(stored);
      // What is not durable yet may be taken back.
      if (this.store.has(key)) this.#know(queue, lane, number);
      return number;
    }
    const number = 1 + (firstNumber(tx, { ...keys.numberedLanes(), reverse: true }) ?? 0);
    if (number > MOST_AT_END) return number;
    tx.put(key, encode(number));
    tx.put(keys.numberedLane(number), key);
    return number;
  }

  #know(queue: number, lane: string, number: number): void {
    if (++this.#count > MOST_KNOWN) {
      this.#known.clear();
      this.#count = 1;
    }
    const lanes = this.#known.get(queue) ?? new Map<string, number>();
    this.#known.set(queue, lanes.set(lane, number));
  }
}

/** The key of the place that a receipt speaks of, where there may be another job, or none. */
export function keyToldBy(reads: Reads, receipt: string): Uint8Array | undefined {
  const numbers = numbersInUuid(receipt);
  if (numbers === undefined) return undefined;
  const laneKey = reads.get(keys.numberedLane(numbers.end));
  if (laneKey === undefined) return undefined;
  const [, queue, lane] = partsOf(laneKey);
  return keys.waiting(Number(queue), String(lane), { priority: USUAL_PRIORITY, order: numbers.front });
}

/** Of a queue that is no more, and whose number may be given to another. */
export function forgetLanes(tx: Transaction, queue: number): void {
  for (const [key, number] of [...tx.range(keys.laneNumbersOf(queue))]) {
    tx.delete(key);
    tx.delete(keys.numberedLane(decode<number>(number)));
  }
}
