import { createHash } from 'node:crypto';
import {
  type KeyPart,
  type KeyRange,
  keyBehind,
  keyOf,
  lastIntegerOf,
  partsOf,
  type Reads,
  rangeOf,
} from 'iii-storage';
import type { Position } from '../job.js';
import { lastMade } from '../last-made.js';

/**
 * Where everything is kept, in one store so that one transaction can touch all of it:
 *
 * - `w queue lane priority order` → a waiting job, or one at work: its number and state; or, while it waits where it was
 *   put and has never been tried, and is not long, the job itself
 * - `j seq` → the job, of all others; it never changes
 * - `a queue` → numbers of jobs at work whose states say that they have never been tried
 * - `d due seq` → a delayed job
 * - `x queue failed-at seq` → a dead letter
 * - `r receipt seq` → in which of the three it is; or, where it is the job itself, its key; none while the receipt says
 *   where it waits
 * - `l queue lane` → the number of a lane in such receipts; `m number` → which key that is under
 * - `u queue namespace key` → which job a deduplication key stands for; `e until …` → when that ends
 * - `t expires seq` → when a job that has not been started dies
 * - `q queue` → what the queue is; `c queue` → its counts; `f name` → its settings, where defined at runtime
 * - `n` → a number that none of them is beyond
 */
export const keys = {
  job: (seq: number) => keyOf('j', seq),
  jobs: () => rangeOf('j'),
  waiting: (queue: number, lane: string, { priority, order }: Position) =>
    keyBehind(laneKey(lane, String(queue)), 255 - priority, order),
  lane: (queue: number, lane: string) => rangeOf('w', queue, lane),
  waitingOf: (queue: number) => rangeOf('w', queue),
  atWork: (queue: number) => keyOf('a', queue),
  delayed: (dueMs: number, seq: number) => keyOf('d', dueMs, seq),
  allDelayed: () => rangeOf('d'),
  dead: (queue: number, failedAtMs: number, seq: number) => keyOf('x', queue, failedAtMs, seq),
  deadOf: (queue: number) => rangeOf('x', queue),
  receipt: (receipt: string, seq: number) => keyOf('r', shortened(receipt), seq),
  receipts: (receipt: string) => rangeOf('r', shortened(receipt)),
  laneNumber: (queue: number, lane: string) => keyOf('l', queue, lane),
  laneNumbersOf: (queue: number) => rangeOf('l', queue),
  numberedLane: (number: number) => keyOf('m', number),
  numberedLanes: () => rangeOf('m'),
  dedup: (queue: number, namespace: string, key: string) =>
    keyOf('u', queue, shortened(namespace), shortened(key)),
  dedupEnd: (untilMs: number, receipt: string) => keyOf('e', untilMs, shortened(receipt)),
  dedupEnds: () => rangeOf('e'),
  expiry: (expiresAtMs: number, seq: number) => keyOf('t', expiresAtMs, seq),
  expiries: () => rangeOf('t'),
  queue: (queue: number) => keyOf('q', queue),
  queues: () => rangeOf('q'),
  counts: (queue: number) => keyOf('c', queue),
  definition: (name: string) => keyOf('f', shortened(name)),
  definitions: () => rangeOf('f'),
  lastUsed: () => keyOf('n'),
};

const laneKey = lastMade((lane, queue) => keyOf('w', Number(queue), lane));

/** Priority and order of a key of a waiting job, and its lane. */
export function positionOf(key: Uint8Array): Position & { readonly lane: string } {
  const [, , lane, rank, order] = partsOf(key);
  return { lane: String(lane), priority: 255 - Number(rank), order: Number(order) };
}

/** The same without its lane, which is known: two integers at its end. */
export function positionInLane(key: Uint8Array): Position {
  return { priority: 255 - lastIntegerOf(key, 1), order: lastIntegerOf(key) };
}

export function numbersOf(key: Uint8Array): number[] {
  return partsOf(key)
    .filter((part: KeyPart): part is number => typeof part === 'number')
    .map(Number);
}

/** The first number in the first key of a range. */
export function firstNumber(reads: Reads, range: KeyRange): number | undefined {
  const next = reads.range(range)[Symbol.iterator]().next();
  return next.done ? undefined : numbersOf(next.value[0])[0];
}

const LONGEST_PART = 200;

/** Names of any length fit into a key: long ones are replaced by a digest of theirs. */
export function shortened(name: string): string {
  if (name.length * 3 <= LONGEST_PART || Buffer.byteLength(name) <= LONGEST_PART) return name;
  return `${name.slice(0, 40)}#${createHash('sha256').update(name).digest('base64url')}`;
}
