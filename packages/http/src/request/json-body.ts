import { JsonSyntaxError, LIMITS, MAX_DEPTH, rawFromText } from 'iii-protocol';

/** Whether a body of this type is parsed: `application/json` and `+json`, in any case (§20.16). */
export function isJsonType(contentType: string | undefined): boolean {
  if (contentType === undefined) return false;
  const lower = contentType.toLowerCase();
  const [essence = ''] = lower.split(';', 1);
  return lower.includes('application/json') || essence.trim().endsWith('+json');
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The value of a JSON body; null for one that is not JSON, which is no error (spec/worker-http.md §6.3), or that has
 * something in it that would not reach its receiver as it is: numbers beyond the range of a double, halves of
 * surrogate pairs, nesting deeper than a message may have.
 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  try {
    const text = strictUtf8.decode(bytes);
    // Refuses nesting at once that JSON.parse would spend seconds on.
    rawFromText(text);
    const value: unknown = JSON.parse(text);
    return canBePassedOn(value, 1) ? value : null;
  } catch (error) {
    // TypeError for the UTF-8.
    if (error instanceof JsonSyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}

/** A call wraps the body twice: in its payload and in the message to the engine. */
const MAX_BODY_DEPTH = MAX_DEPTH - 2;

/** `JSON.parse` makes numbers that are out of range infinite, which has no JSON form. */
function canBePassedOn(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_BODY_DEPTH) return false;
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return members.every((member) => canBePassedOn(member, depth + 1));
}

/** What the rest of a call may take: its headers and query are bounded by the listener. */
const ROOM_FOR_THE_REST = 1024 * 1024;
/** JavaScript writes `1e20` as 21 digits, so a text of many such numbers grows by up to this factor. */
const MOST_GROWTH = 5;

/** Whether a call with this body fits one message to the engine, which would cut the connection otherwise. */
export function fitsOneMessage(value: unknown, bytes: number): boolean {
  const room = LIMITS.maxMessageBytes - ROOM_FOR_THE_REST;
  return bytes * MOST_GROWTH <= room || Buffer.byteLength(JSON.stringify(value)) <= room;
}
