import { isUtf8 } from 'node:buffer';
import {
  JsonSyntaxError,
  LIMITS,
  MAX_DEPTH,
  parseRaw,
  RAW_NULL,
  type RawJson,
  rawFromUtf8,
} from 'iii-protocol';

/** Whether a body of this type is parsed: `application/json` and `+json`, in any case (§20.16). */
export function isJsonType(contentType: string | undefined): boolean {
  if (contentType === undefined) return false;
  if (contentType === 'application/json') return true;
  const lower = contentType.toLowerCase();
  const [essence = ''] = lower.split(';', 1);
  return lower.includes('application/json') || essence.trim().endsWith('+json');
}

/** A call wraps the body twice: in its payload and in the message to the engine. */
const MAX_BODY_DEPTH = MAX_DEPTH - 2;

/**
 * The text of a JSON body; that of null for one that is not JSON, which is no error (spec/worker-http.md §6.3), or that
 * has something in it that would not reach its receiver as it is: numbers beyond the range of a double, halves of
 * surrogate pairs, nesting deeper than a message may have.
 */
export function parseJsonBody(bytes: Uint8Array): RawJson {
  if (!isUtf8(bytes)) return RAW_NULL;
  try {
    const raw = rawFromUtf8(bytes, MAX_BODY_DEPTH);
    return mayHoldHugeNumbers(raw) && holdsInfinity(parseRaw(raw)) ? RAW_NULL : raw;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return RAW_NULL;
    throw error;
  }
}

/** Digits of a number that may be beyond the range of a double without an exponent. */
const HUGE_DIGITS = 300;

/** And of an exponent that may be. */
const HUGE_EXPONENT_DIGITS = 3;

/**
 * A quick look: a number is huge by an exponent of three digits, or by hundreds of digits. Of three digits in a row one
 * is where this looks, which is at every third byte.
 */
function mayHoldHugeNumbers(bytes: Uint8Array): boolean {
  for (let at = HUGE_EXPONENT_DIGITS - 1; at < bytes.length; at += HUGE_EXPONENT_DIGITS) {
    if (!isDigit(bytes[at])) continue;
    let start = at;
    while (isDigit(bytes[start - 1])) start--;
    while (isDigit(bytes[at])) at++;
    const digits = at - start;
    if (digits >= HUGE_DIGITS) return true;
    if (digits >= HUGE_EXPONENT_DIGITS && isExponentAt(bytes, start)) return true;
  }
  return false;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** Whether digits that begin there are behind an `e` that is behind a digit. */
function isExponentAt(bytes: Uint8Array, start: number): boolean {
  const e = bytes[start - 1] === 0x2b ? start - 2 : start - 1;
  return ((bytes[e] ?? 0) | 0x20) === 0x65 && isDigit(bytes[e - 1]);
}

/** `JSON.parse` makes numbers that are out of range infinite. Nests no deeper than a body may. */
function holdsInfinity(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return false;
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return members.some(holdsInfinity);
}

/** What the rest of a call may take: its headers and query are bounded by the listener. */
const ROOM_FOR_THE_REST = 1024 * 1024;

/** Whether a call with this body fits one message to the engine, which would cut the connection otherwise. */
export function fitsOneMessage(body: RawJson): boolean {
  return body.length <= LIMITS.maxMessageBytes - ROOM_FOR_THE_REST;
}
