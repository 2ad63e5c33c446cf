import { quoted } from 'iii-protocol';
import type { Job } from '../job.js';

/** Between the line with everything else and the data. */
export const LINE_END = 0x0a;
/** What that line begins with; the number of the job follows. */
export const HEAD_BEGIN = '{"seq":';

const TIME = ',"enqueuedAtMs":';
const RECEIPT = ',"receipt":';
/** Characters of the longest text of a number. */
const MOST_DIGITS = 25;
/** Bytes of the members that every job has to itself, without its receipt, and of the end of the line. */
const OWN_BYTES = HEAD_BEGIN.length + TIME.length + RECEIPT.length + 2 * MOST_DIGITS + 2;

type Own = 'seq' | 'enqueuedAtMs' | 'receipt' | 'data';
type Common = 'queue' | 'lane' | 'priority' | 'functionId' | 'namespace';
type NotWritten = 'storedBytes' | 'isInPlace' | 'isToldByReceipt';
type Optional = Exclude<keyof Job, Own | Common | NotWritten>;

/** Bytes of memory that records of jobs are put together in. */
const WORKSPACE_BYTES = 16 * 1024;
/** Made for the first of them. */
let workspace: Buffer | undefined;

/**
 * A job as it is stored: a mark, a line of JSON, and its data as it is spelled. Put together here byte by byte, as every
 * job has one, and texts of it would be thrown away at once.
 *
 * Whoever stores it copies it: so there is one piece of memory for all of them.
 */
export function encoded(mark: string, job: Job): Uint8Array {
  const { seq, enqueuedAtMs, receipt, data } = job;
  const common = commonOf(job);
  const more = moreOf(job);
  // A character of a string takes three bytes at most, six where it is escaped.
  const most =
    mark.length + OWN_BYTES + 6 * receipt.length + 2 + common.length + 3 * more.length + data.length;
  workspace ??= Buffer.allocUnsafeSlow(WORKSPACE_BYTES);
  const bytes = most <= WORKSPACE_BYTES ? workspace : Buffer.allocUnsafe(most);
  let at = writeAscii(bytes, 0, mark);
  at = writeAscii(bytes, at, HEAD_BEGIN);
  at = writeInteger(bytes, at, seq);
  at = writeAscii(bytes, at, TIME);
  at = writeInteger(bytes, at, enqueuedAtMs);
  at = writeAscii(bytes, at, RECEIPT);
  at = writeQuoted(bytes, at, receipt);
  bytes.set(common, at);
  at += common.length;
  if (more !== '') at += bytes.write(more, at);
  bytes[at++] = BRACE;
  bytes[at++] = LINE_END;
  bytes.set(data, at);
  return bytes.subarray(0, at + data.length);
}

let last: Pick<Job, Common> | undefined;
let lastCommon: Buffer = Buffer.alloc(0);

/** What most jobs that come one after the other have in common. */
function commonOf({ queue, lane, priority, functionId, namespace }: Job): Buffer {
  const isSame =
    last?.queue === queue &&
    last.lane === lane &&
    last.priority === priority &&
    last.functionId === functionId &&
    last.namespace === namespace;
  if (!isSame) {
    last = { queue, lane, priority, functionId, namespace };
    lastCommon = Buffer.from(`,${JSON.stringify(last).slice(1, -1)}`);
  }
  return lastCommon;
}

/** What a job may lack; nothing, of most. */
function moreOf({ metadata, traceparent, baggage, expiresAtMs, overrides }: Job): string {
  // Looked up by name one after the other, they would be twice the work of all the rest.
  if ((metadata ?? traceparent ?? baggage ?? expiresAtMs ?? overrides) === undefined) return '';
  const members: Record<Optional, unknown> = { metadata, traceparent, baggage, expiresAtMs, overrides };
  return `,${JSON.stringify(members).slice(1, -1)}`;
}

function writeAscii(bytes: Uint8Array, from: number, text: string): number {
  for (let n = 0; n < text.length; n++) bytes[from + n] = text.charCodeAt(n);
  return from + text.length;
}

const BRACE = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;

function writeQuoted(bytes: Buffer, from: number, text: string): number {
  let at = from;
  bytes[at++] = QUOTE;
  for (let n = 0; n < text.length; n++) {
    const unit = text.charCodeAt(n);
    const isPlain = unit >= FIRST_PRINTABLE && unit <= LAST_PRINTABLE && unit !== QUOTE && unit !== BACKSLASH;
    if (!isPlain) return from + bytes.write(quoted(text), from);
    bytes[at++] = unit;
  }
  bytes[at++] = QUOTE;
  return at;
}

const ZERO = 0x30;

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
