import { quoted, type RawJson, type Writable } from 'iii-protocol';
import type { Job } from '../job.js';

/*
 * A job as text: a line of JSON with everything but its data, and that as it is spelled. It is written and read here byte
 * by byte, as every job is at least once: texts and objects for it would be thrown away at once.
 */

const LINE_END = 0x0a;
const FIRST_PRINTABLE = 0x20;
const QUOTE = 0x22;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const BRACE = 0x7d;
const LAST_PRINTABLE = 0x7e;

const HEAD_BEGIN = '{"seq":';
const TIME = ',"enqueuedAtMs":';
const RECEIPT = ',"receipt":';
const TRACE = ',"traceparent":';
/** Characters of the longest text of a number. */
const MOST_DIGITS = 25;
/** Bytes of the quotes around two texts, and of the end of the line. */
const PUNCTUATION = 6;
/** Bytes of the members that a job has to itself, without what is in its texts, and of the end of the line. */
const OWN_BYTES =
  HEAD_BEGIN.length + TIME.length + RECEIPT.length + TRACE.length + 2 * MOST_DIGITS + PUNCTUATION;

type Own = 'seq' | 'enqueuedAtMs' | 'receipt' | 'traceparent' | 'data';
type Common = 'queue' | 'lane' | 'priority' | 'functionId' | 'namespace' | 'baggage';
type NotWritten = 'storedBytes' | 'isInPlace' | 'isToldByReceipt';
type Optional = Exclude<keyof Job, Own | Common | NotWritten>;

/** Bytes of memory that records of jobs are put together in. */
const WORKSPACE_BYTES = 16 * 1024;
/** Made for the first of them. */
let workspace: Buffer | undefined;

/** A job as text, behind a mark. Whoever stores it copies it: so there is one piece of memory for all of them. */
export function encoded(mark: string, job: Job): Uint8Array {
  const { seq, enqueuedAtMs, receipt, traceparent, data } = job;
  const common = written.bytesOf(job);
  const more = moreOf(job);
  // A character of a string takes three bytes at most, six where it is escaped.
  const texts = 6 * (receipt.length + (traceparent?.length ?? 0));
  const most = mark.length + OWN_BYTES + texts + common.length + 3 * more.length + data.length;
  workspace ??= Buffer.allocUnsafeSlow(WORKSPACE_BYTES);
  const bytes = most <= WORKSPACE_BYTES ? workspace : Buffer.allocUnsafe(most);
  let at = writeAscii(bytes, 0, mark);
  at = writeAscii(bytes, at, HEAD_BEGIN);
  at = writeInteger(bytes, at, seq);
  at = writeAscii(bytes, at, TIME);
  at = writeInteger(bytes, at, enqueuedAtMs);
  at = writeAscii(bytes, at, RECEIPT);
  at = writeQuoted(bytes, at, receipt);
  if (traceparent !== undefined) at = writeQuoted(bytes, writeAscii(bytes, at, TRACE), traceparent);
  bytes.set(common, at);
  at += common.length;
  if (more !== '') at += bytes.write(more, at);
  bytes[at++] = BRACE;
  bytes[at++] = LINE_END;
  bytes.set(data, at);
  return bytes.subarray(0, at + data.length);
}

/** The number of the job whose text begins there. */
export function seqAt(bytes: Uint8Array, from: number): number {
  return integerAt(bytes, from + HEAD_BEGIN.length);
}

/** The job whose text begins there. */
export function decoded(bytes: Uint8Array, from: number): Writable<Job> {
  const usual = usualJob(bytes, from);
  if (usual !== undefined) return usual;
  const end = bytes.indexOf(LINE_END, from);
  const job = JSON.parse(utf8(bytes, from, end)) as Writable<Job>;
  // It was checked when it was accepted, and is what was accepted.
  job.data = bytes.subarray(end + 1) as RawJson;
  read.bytesOf(job);
  return job;
}

/** One that has nothing that others lack, and much in common with the one before. */
function usualJob(bytes: Uint8Array, from: number): Writable<Job> | undefined {
  let at = from + HEAD_BEGIN.length;
  const seq = integerAt(bytes, at);
  at = pastDigits(bytes, at);
  if (!isAsciiAt(bytes, at, TIME)) return undefined;
  at += TIME.length;
  const enqueuedAtMs = integerAt(bytes, at);
  at = pastDigits(bytes, at);
  if (!isAsciiAt(bytes, at, RECEIPT)) return undefined;
  const receipt = plainTextAt(bytes, at + RECEIPT.length);
  if (receipt === undefined) return undefined;
  at += RECEIPT.length + receipt.length + 2;
  let traceparent: string | undefined;
  if (isAsciiAt(bytes, at, TRACE)) {
    traceparent = plainTextAt(bytes, at + TRACE.length);
    if (traceparent === undefined) return undefined;
    at += TRACE.length + traceparent.length + 2;
  }
  const { last } = read;
  const end = at + read.bytes.length;
  if (last === undefined || !isSameAt(bytes, at, read.bytes)) return undefined;
  if (bytes[end] !== BRACE || bytes[end + 1] !== LINE_END) return undefined;
  const { queue, lane, priority, functionId, namespace, baggage } = last;
  const data = bytes.subarray(end + 2) as RawJson;
  const job: Writable<Job> = {
    seq,
    enqueuedAtMs,
    receipt,
    queue,
    lane,
    priority,
    functionId,
    namespace,
    data,
  };
  if (traceparent !== undefined) job.traceparent = traceparent;
  if (baggage !== undefined) job.baggage = baggage;
  return job;
}

/** What most jobs that come one after the other have in common. */
class CommonMembers {
  last: Pick<Job, Common> | undefined;
  /** Of the last one, as they are written. */
  bytes: Buffer = Buffer.alloc(0);

  bytesOf({ queue, lane, priority, functionId, namespace, baggage }: Job): Buffer {
    const { last } = this;
    const isSame =
      last?.queue === queue &&
      last.lane === lane &&
      last.priority === priority &&
      last.functionId === functionId &&
      last.namespace === namespace &&
      last.baggage === baggage;
    if (!isSame) {
      const members = { queue, lane, priority, functionId, namespace };
      this.last = baggage === undefined ? members : { ...members, baggage };
      this.bytes = Buffer.from(`,${JSON.stringify(this.last).slice(1, -1)}`);
    }
    return this.bytes;
  }
}

const written = new CommonMembers();
const read = new CommonMembers();

/** What a job may lack; nothing, of most. */
function moreOf({ metadata, expiresAtMs, overrides }: Job): string {
  // Looked up by name one after the other, they would be twice the work of all the rest.
  if (metadata === undefined && expiresAtMs === undefined && overrides === undefined) return '';
  const members: Record<Optional, unknown> = { metadata, expiresAtMs, overrides };
  return `,${JSON.stringify(members).slice(1, -1)}`;
}

function utf8(bytes: Uint8Array, from: number, end: number): string {
  return Buffer.prototype.utf8Slice.call(bytes, from, end);
}

function isSameAt(bytes: Uint8Array, from: number, others: Uint8Array): boolean {
  for (let n = 0; n < others.length; n++) if (bytes[from + n] !== others[n]) return false;
  return true;
}

function isAsciiAt(bytes: Uint8Array, from: number, text: string): boolean {
  for (let n = 0; n < text.length; n++) if (bytes[from + n] !== text.charCodeAt(n)) return false;
  return true;
}

/** The text in quotes that begins there, where all its characters stand for themselves. */
function plainTextAt(bytes: Uint8Array, from: number): string | undefined {
  if (bytes[from] !== QUOTE) return undefined;
  let end = from + 1;
  while (isPlain(bytes[end] ?? 0)) end++;
  return bytes[end] === QUOTE ? utf8(bytes, from + 1, end) : undefined;
}

function pastDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(bytes[at] ?? 0)) at++;
  return at;
}

/** The number whose digits begin there. */
function integerAt(bytes: Uint8Array, from: number): number {
  let value = 0;
  for (let at = from; ; at++) {
    const digit = bytes[at] ?? 0;
    if (!isDigit(digit)) return value;
    value = value * 10 + (digit - ZERO);
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function isPlain(unit: number): boolean {
  return unit >= FIRST_PRINTABLE && unit <= LAST_PRINTABLE && unit !== QUOTE && unit !== BACKSLASH;
}

function writeAscii(bytes: Uint8Array, from: number, text: string): number {
  for (let n = 0; n < text.length; n++) bytes[from + n] = text.charCodeAt(n);
  return from + text.length;
}

function writeQuoted(bytes: Buffer, from: number, text: string): number {
  let at = from;
  bytes[at++] = QUOTE;
  for (let n = 0; n < text.length; n++) {
    const unit = text.charCodeAt(n);
    if (!isPlain(unit)) return from + bytes.write(quoted(text), from);
    bytes[at++] = unit;
  }
  bytes[at++] = QUOTE;
  return at;
}

/** Up to here, a tenth of a number is rounded by less than the tenth that it lies from the next whole one. */
const MOST_DIVIDED = 2 ** 48;

function writeInteger(bytes: Buffer, from: number, value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > MOST_DIVIDED)
    return from + bytes.write(String(value), from);
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  let rest = value;
  for (let at = from + digits - 1; at >= from; at--) {
    const next = Math.floor(rest / 10);
    bytes[at] = ZERO + rest - next * 10;
    rest = next;
  }
  return from + digits;
}
