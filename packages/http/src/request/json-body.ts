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

/** A quick look: a number is huge by an exponent of three digits, or by hundreds of digits. */
function mayHoldHugeNumbers(bytes: Uint8Array): boolean {
  let digits = 0;
  let isExponent = false;
  for (const byte of bytes) {
    if (byte >= 0x30 && byte <= 0x39) {
      digits++;
      if (digits >= (isExponent ? 3 : HUGE_DIGITS)) return true;
    } else if (digits > 0 && (byte | 0x20) === 0x65) {
      isExponent = true;
      digits = 0;
    } else if (!(isExponent && digits === 0 && byte === 0x2b)) {
      isExponent = false;
      digits = 0;
    }
  }
  return false;
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
