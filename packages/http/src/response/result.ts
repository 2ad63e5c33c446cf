import type { HeaderList } from 'iii-listener';
import { HttpError } from '../errors.js';
import { isRecord } from '../is-record.js';
import { isJsonType } from '../request/json-body.js';
import { type Answer, JSON_TYPE } from './answer.js';
import { type HeaderDropped, headerLines, headerValue } from './header-lines.js';

const ENVELOPE_MEMBERS = new Set(['status_code', 'statusCode', 'headers', 'body']);

/** The members of an object that describes a whole answer. */
interface Envelope {
  readonly status_code?: unknown;
  /** Some clients spell it so (spec/worker-http.md §20.21). */
  readonly statusCode?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
}

/**
 * The answer that the result of a handler stands for. An envelope describes it; anything else is its body, as JSON;
 * nothing is `{}`.
 *
 * @throws HttpError `invalid_status`, `header_injection`.
 */
export function resultAnswer(result: unknown, dropped: HeaderDropped): Answer {
  if (isEnvelope(result)) {
    const { body = {} } = result;
    return render(result, dropped, (type) => handlerBody(body, type));
  }
  return { status: 200, headers: [JSON_TYPE], body: JSON.stringify(result ?? {}) };
}

/**
 * The answer of middleware that responds itself (§7.4): always an envelope, whose body is JSON unless it is a string
 * of another type.
 *
 * @throws HttpError `invalid_status`, `header_injection`.
 */
export function middlewareAnswer(response: unknown, dropped: HeaderDropped): Answer {
  const envelope = isRecord(response) ? response : {};
  const { body = null } = envelope;
  return render(envelope, dropped, (type) =>
    type === undefined || isJsonType(type) || body === null ? JSON.stringify(body) : handlerBody(body, type),
  );
}

/** A numeric status, or nothing but members of an envelope and at least one of them. */
export function isEnvelope(result: unknown): result is Envelope {
  if (!isRecord(result)) return false;
  if (typeof result.status_code === 'number' || typeof result.statusCode === 'number') return true;
  const members = Object.keys(result);
  return members.length > 0 && members.every((member) => ENVELOPE_MEMBERS.has(member));
}

function render(
  envelope: Envelope,
  dropped: HeaderDropped,
  serialise: (contentType: string | undefined) => string | Uint8Array,
): Answer {
  const status = statusOf(envelope);
  const given = headerLines(envelope.headers, dropped);
  if (status === 204 || status === 304) return { status, headers: given, body: '' };
  const type = headerValue(given, 'content-type');
  const headers: HeaderList = type === undefined ? [...given, JSON_TYPE] : given;
  return { status, headers, body: serialise(type) };
}

/** 200 where there is no number; a number that is no final status is an error rather than a success (§20.23). */
function statusOf({ status_code, statusCode }: Envelope): number {
  const status = status_code ?? statusCode;
  if (typeof status !== 'number') return 200;
  if (Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw new HttpError('invalid_status', `status_code ${status}`);
}

/** §8.2: a string with a content type is sent as it is, also when it is JSON already. */
function handlerBody(body: unknown, contentType: string | undefined): string | Uint8Array {
  if (contentType === undefined) return JSON.stringify(body);
  if (typeof body === 'string') return body;
  if (body === null) return '';
  const bytes = isJsonType(contentType) ? undefined : bufferBytes(body);
  return bytes ?? JSON.stringify(body);
}

/** The bytes of a Node.js Buffer that has been through JSON (§20.24). */
function bufferBytes(body: unknown): Uint8Array | undefined {
  if (!isRecord(body) || body.type !== 'Buffer' || !Array.isArray(body.data)) return undefined;
  const data: readonly unknown[] = body.data;
  const isByte = (value: unknown): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
  return data.every(isByte) ? Uint8Array.from(data) : undefined;
}
