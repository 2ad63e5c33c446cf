import { type Counts, type Job, type JobState, NEW_STATE, NO_COUNTS } from '../job.js';
import { decoded, encoded, seqAt } from './job-text.js';

/** What a queue is. */
export type QueueRecord = {
  readonly id: number;
  readonly paused: boolean;
} & QueueIdentity;

export type QueueIdentity =
  | { readonly kind: 'named'; readonly name: string }
  /** Jobs of one subscriber of a topic. */
  | {
      readonly kind: 'destination';
      readonly topic: string;
      readonly namespace: string;
      readonly functionId: string;
      /** Wall time of the last registration that was seen. */
      readonly seenMs: number;
      /** What its latest registration asked for, which decides the lanes of messages. */
      readonly isFifo: boolean;
      readonly groupField?: string;
    }
  /** Messages of a topic that never had a subscriber. */
  | { readonly kind: 'backlog'; readonly topic: string };

/** Where a job is kept. */
export type Place =
  | { readonly at: 'waiting'; readonly order: number }
  | { readonly at: 'delayed'; readonly dueMs: number }
  | { readonly at: 'dead'; readonly failedAtMs: number };

/** The number of a job with its state, as kept with its place. */
export interface StateRecord {
  readonly seq: number;
  readonly state: JobState;
  /** Of delayed jobs and dead letters: which job it is, without reading it. */
  readonly queue?: number;
}

/** The data stays the bytes it came as, behind a line with everything else. To be used before another is encoded. */
export function encodeJob(job: Job): Uint8Array {
  return encoded('', job);
}

/** Bytes of data of jobs that are written down where they wait. */
const MOST_IN_PLACE = 4 * 1024;
/** What a record of a place with its job begins with; those of places alone are JSON. */
const IN_PLACE = '=';
/** The same where its receipt says where that is. */
const TOLD_BY_RECEIPT = '~';
const IN_PLACE_BYTE = IN_PLACE.charCodeAt(0);
const TOLD_BY_RECEIPT_BYTE = TOLD_BY_RECEIPT.charCodeAt(0);

/** Whether a new job is written down where it waits. Others have a record of their own, so that they can be moved. */
export function fitsInPlace({ data }: Pick<Job, 'data'>): boolean {
  return data.length <= MOST_IN_PLACE;
}

/** A job with the place where it waits: at its number, and never tried. To be used before another is encoded. */
export function encodeInPlace(job: Job): Uint8Array {
  return encoded(job.isToldByReceipt ? TOLD_BY_RECEIPT : IN_PLACE, job);
}

export function isInPlace(record: Uint8Array): boolean {
  return record[0] === IN_PLACE_BYTE || isToldByReceipt(record);
}

/** Whether it is of a job in place whose receipt says where that is. */
export function isToldByReceipt(record: Uint8Array): boolean {
  return record[0] === TOLD_BY_RECEIPT_BYTE;
}

/** What {@link encodeJob} makes of a job that {@link encodeInPlace} has written. */
export function ownRecord(inPlace: Uint8Array): Uint8Array {
  return inPlace.subarray(IN_PLACE.length);
}

export function decodeInPlace(record: Uint8Array): Job {
  const job = decoded(record, IN_PLACE.length);
  job.storedBytes = record.length;
  job.isInPlace = true;
  if (isToldByReceipt(record)) job.isToldByReceipt = true;
  return job;
}

/** What {@link encodeJob} makes of it takes so many bytes. */
export function encodedJobBytes(job: Job): number {
  if (job.isInPlace) return (job.storedBytes ?? 0) - IN_PLACE.length;
  return job.storedBytes ?? encodeJob(job).length;
}

export function decodeJob(bytes: Uint8Array): Job {
  const job = decoded(bytes, 0);
  job.storedBytes = bytes.length;
  return job;
}

/** Most jobs have no history yet, or have only been started: their record is no more than a number, or two. */
export function encodeState({ seq, state, queue }: StateRecord): Uint8Array {
  if (queue !== undefined || !isPlain(state)) return encode({ seq, state, queue });
  return Buffer.from(state.started === 0 ? String(seq) : `[${seq},${state.started}]`, 'latin1');
}

/** Bytes of the state of a waiting job that has never been tried. No other state of it takes as few. */
export function untriedStateBytes(seq: number): number {
  return String(seq).length;
}

function isPlain({ failed, interrupted, errors, notBeforeMs, missingSinceMs }: JobState): boolean {
  if (failed > 0 || interrupted > 0 || errors.length > 0) return false;
  return notBeforeMs === undefined && missingSinceMs === undefined;
}

export function decodeState(bytes: Uint8Array): StateRecord {
  if (isInPlace(bytes)) return { seq: seqAt(bytes, IN_PLACE.length), state: NEW_STATE };
  const value = decode<number | [number, number] | StateRecord>(bytes);
  if (typeof value === 'number') return { seq: value, state: NEW_STATE };
  if (!Array.isArray(value)) return value;
  const [seq, started] = value;
  return { seq, state: { ...NEW_STATE, started } };
}

const AT_ITS_NUMBER = Buffer.from('w');

/** Nearly all jobs wait where their number says. */
export function encodePlace(place: Place, seq: number): Uint8Array {
  if (place.at === 'waiting') return place.order === seq ? AT_ITS_NUMBER : encode(['w', place.order]);
  return encode(place.at === 'delayed' ? ['d', place.dueMs] : ['x', place.failedAtMs]);
}

export function decodePlace(bytes: Uint8Array, seq: number): Place {
  if (bytes.length === AT_ITS_NUMBER.length) return { at: 'waiting', order: seq };
  const [at, where] = decode<[string, number]>(bytes);
  if (at === 'w') return { at: 'waiting', order: where };
  return at === 'd' ? { at: 'delayed', dueMs: where } : { at: 'dead', failedAtMs: where };
}

export const COUNTED = Object.keys(NO_COUNTS) as ReadonlyArray<keyof Counts>;
const NUMBER_BYTES = 8;

/** Numbers of eight bytes each: they are read and written with every transition. */
export function encodeCounts(counts: Counts): Uint8Array {
  const bytes = Buffer.allocUnsafe(COUNTED.length * NUMBER_BYTES);
  COUNTED.forEach((name, at) => {
    bytes.writeDoubleLE(counts[name], at * NUMBER_BYTES);
  });
  return bytes;
}

export function decodeCounts(bytes: Uint8Array | undefined): Counts {
  if (bytes === undefined) return NO_COUNTS;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const counts: Record<keyof Counts, number> = { ...NO_COUNTS };
  COUNTED.forEach((name, at) => {
    counts[name] = view.getFloat64(at * NUMBER_BYTES, true);
  });
  return counts;
}

/** As {@link encodeCounts} writes them, however many. */
export function encodeNumbers(numbers: readonly number[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(numbers.length * NUMBER_BYTES);
  numbers.forEach((number, at) => {
    bytes.writeDoubleLE(number, at * NUMBER_BYTES);
  });
  return bytes;
}

export function decodeNumbers(bytes: Uint8Array | undefined): number[] {
  const numbers: number[] = [];
  if (bytes === undefined) return numbers;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += NUMBER_BYTES) numbers.push(view.getFloat64(at, true));
  return numbers;
}

export function encode(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

export function decode<T>(bytes: Uint8Array): T {
  return JSON.parse(Buffer.prototype.utf8Slice.call(bytes)) as T;
}
