import { collectBody, type HttpRequest, ListenerError } from 'iii-listener';
import { LIMITS, MAX_DEPTH } from 'iii-protocol';

/** `value` is null for a body that is not JSON, which is not an error (spec/worker-http.md §6.3). */
export type JsonBody =
  | { readonly outcome: 'read'; readonly value: unknown }
  | { readonly outcome: 'too_large' }
  /** The client went away before its end (§20.15). */
  | { readonly outcome: 'aborted' };

/** Whether a body of this type is parsed: `application/json` and `+json`, in any case (§20.16). */
export function isJsonType(contentType: string | undefined): boolean {
  if (contentType === undefined) return false;
  const lower = contentType.toLowerCase();
  const [essence = ''] = lower.split(';', 1);
  return lower.includes('application/json') || essence.trim().endsWith('+json');
}

/** Reads and parses a JSON body of up to `limit` bytes. */
export async function readJsonBody(request: HttpRequest, limit: number): Promise<JsonBody> {
  let bytes: Uint8Array;
  try {
    bytes = await collectBody(request, limit);
  } catch (error) {
    if (error instanceof ListenerError && error.code === 'body_too_large') return { outcome: 'too_large' };
    if (error instanceof ListenerError && error.code === 'body_aborted') return { outcome: 'aborted' };
    throw error;
  }
  const value = parseJson(bytes);
  return fitsOneMessage(value, bytes.length) ? { outcome: 'read', value } : { outcome: 'too_large' };
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Null for what is not JSON, or could not be passed on as it is. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(strictUtf8.decode(bytes));
    return canBePassedOn(value, 1) ? value : null;
  } catch (error) {
    // SyntaxError for the JSON, TypeError for the UTF-8.
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}

/** A call wraps the body twice: in its payload and in the message to the engine. */
const MAX_BODY_DEPTH = MAX_DEPTH - 2;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * What `JSON.parse` takes but peers would refuse or see changed: numbers beyond the range of a double, which it makes
 * infinite; halves of surrogate pairs; nesting deeper than a message may have.
 */
function canBePassedOn(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return !LONE_SURROGATE.test(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_BODY_DEPTH) return false;
  if (Array.isArray(value)) return value.every((element) => canBePassedOn(element, depth + 1));
  return Object.entries(value).every(
    ([name, member]) => !LONE_SURROGATE.test(name) && canBePassedOn(member, depth + 1),
  );
}

/** What the rest of a call may take: its headers and query are bounded by the listener. */
const ROOM_FOR_THE_REST = 1024 * 1024;
/** JavaScript writes `1e20` as 21 digits, so a text of many such numbers grows by up to this factor. */
const MOST_GROWTH = 5;

/** Whether a call with this body fits one message to the engine, which would cut the connection otherwise. */
function fitsOneMessage(value: unknown, bytes: number): boolean {
  const room = LIMITS.maxMessageBytes - ROOM_FOR_THE_REST;
  return bytes * MOST_GROWTH <= room || Buffer.byteLength(JSON.stringify(value)) <= room;
}
