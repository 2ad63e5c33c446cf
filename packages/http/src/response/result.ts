import type { HeaderList } from 'iii-listener';
import { isRawNull, isRawObject, parseRaw, type RawJson, rawMembers } from 'iii-protocol';
import { HttpError } from '../errors.js';
import { isRecord } from '../is-record.js';
import { isJsonType } from '../request/json-body.js';
import { type Answer, JSON_TYPE } from './answer.js';
import { type HeaderDropped, headerLines, headerValue } from './header-lines.js';

const ENVELOPE_MEMBERS = new Set(['status_code', 'statusCode', 'headers', 'body']);

/** The members of an object that describes a whole answer, as their texts. */
type Envelope = ReadonlyMap<string, RawJson>;

const PLAIN_HEADERS: HeaderList = [JSON_TYPE];

/**
 * The answer that the result of a handler stands for. An envelope describes it; anything else is its body, as JSON;
 * nothing is `{}`. What need not be looked into is sent as it was spelled.
 *
 * @throws HttpError `invalid_status`, `header_injection`.
 */
export function resultAnswer(result: RawJson | undefined, dropped: HeaderDropped): Answer {
  if (result === undefined || isRawNull(result)) return { status: 200, headers: PLAIN_HEADERS, body: '{}' };
  const envelope = envelopeOf(result);
  if (envelope === undefined) return { status: 200, headers: PLAIN_HEADERS, body: result };
  const body = envelope.get('body');
  return render(envelope, dropped, (type) => (body === undefined ? '{}' : handlerBody(body, type)));
}

/**
 * The answer of middleware that responds itself (§7.4): always an envelope, whose body is JSON unless it is a string
 * of another type.
 *
 * @throws HttpError `invalid_status`, `header_injection`.
 */
export function middlewareAnswer(response: RawJson | undefined, dropped: HeaderDropped): Answer {
  const envelope: Envelope = response === undefined ? new Map() : rawMembers(response);
  const body = envelope.get('body');
  return render(envelope, dropped, (type) => {
    if (body === undefined) return 'null';
    return type === undefined || isJsonType(type) || isRawNull(body) ? body : handlerBody(body, type);
  });
}

/** A numeric status, or nothing but members of an envelope and at least one of them. */
function envelopeOf(result: RawJson): Envelope | undefined {
  if (!isRawObject(result) || !mayBeEnvelope(result)) return undefined;
  const members = rawMembers(result);
  if (isNumber(members.get('status_code')) || isNumber(members.get('statusCode'))) return members;
  if (members.size === 0) return undefined;
  for (const name of members.keys()) if (!ENVELOPE_MEMBERS.has(name)) return undefined;
  return members;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const BODY = Buffer.from('body"');
const HEADERS = Buffer.from('headers"');
const STATUS = Buffer.from('status');

/** A quick look, so that a result which is none need not be taken apart. A name may be spelled with escapes. */
function mayBeEnvelope(result: RawJson): boolean {
  for (let at = 0; at < result.length; at++) {
    const byte = result[at];
    if (byte === BACKSLASH) return true;
    if (byte !== QUOTE) continue;
    const next = at + 1;
    if (isAt(result, next, BODY) || isAt(result, next, HEADERS) || isAt(result, next, STATUS)) return true;
  }
  return false;
}

function isAt(text: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (text[at + i] !== expected[i]) return false;
  return true;
}

/** A value that begins with a minus or a digit. */
function isNumber(raw: RawJson | undefined): boolean {
  const first = raw?.[0] ?? 0;
  return first === 0x2d || (first >= 0x30 && first <= 0x39);
}

function render(
  envelope: Envelope,
  dropped: HeaderDropped,
  serialise: (contentType: string | undefined) => string | Uint8Array,
): Answer {
  const status = statusOf(envelope);
  const headers = envelope.get('headers');
  const given = headers === undefined ? [] : headerLines(parseRaw(headers), dropped);
  if (status === 204 || status === 304) return { status, headers: given, body: '' };
  const type = headerValue(given, 'content-type');
  return { status, headers: type === undefined ? [...given, JSON_TYPE] : given, body: serialise(type) };
}

/**
 * 200 where there is no number; a number that is no final status is an error rather than a success (§20.23). Some
 * clients spell the member `statusCode` (§20.21).
 */
function statusOf(envelope: Envelope): number {
  const status_code = envelope.get('status_code');
  const raw = status_code === undefined || isRawNull(status_code) ? envelope.get('statusCode') : status_code;
  const status = raw === undefined ? undefined : parseRaw(raw);
  if (typeof status !== 'number') return 200;
  if (Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw new HttpError('invalid_status', `status_code ${status}`);
}

/** §8.2: a string with a content type is sent as it is, also when it is JSON already. */
function handlerBody(body: RawJson, contentType: string | undefined): string | Uint8Array {
  if (contentType === undefined) return body;
  if (isRawNull(body)) return '';
  if (body[0] === 0x22) return String(parseRaw(body));
  const bytes = isJsonType(contentType) || !isRawObject(body) ? undefined : bufferBytes(parseRaw(body));
  return bytes ?? body;
}

/** The bytes of a Node.js Buffer that has been through JSON (§20.24). */
function bufferBytes(body: unknown): Uint8Array | undefined {
  if (!isRecord(body) || body.type !== 'Buffer' || !Array.isArray(body.data)) return undefined;
  const data: readonly unknown[] = body.data;
  const isByte = (value: unknown): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
  return data.every(isByte) ? Uint8Array.from(data) : undefined;
}
