import { STATUS_CODES } from 'node:http';
import { ListenerError } from './errors.js';
import type { HeaderList } from './types.js';

/** Status line and headers of an answer, checked and ready for the wire. */
export interface AnswerHead {
  readonly status: number;
  /** Reason phrase. */
  readonly text: string;
  /** Without the headers that belong to the listener. */
  readonly headers: HeaderList;
  /** No body bytes may follow: HEAD, 204, 304 (RFC 9110 §6.4.1). */
  readonly bodyless: boolean;
  /** The owner's own `content-length`, where it may describe a body that is not sent. */
  readonly statedLength: string | undefined;
  /** The owner asked for `connection: close`. */
  readonly close: boolean;
}

/** Framing and connection control belong to the listener; letting an owner write them can split the answer. */
const OWN_HEADERS = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade']);

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Checks an answer before anything of it is sent.
 * @throws ListenerError `invalid_status`, `invalid_header`.
 */
export function answerHead(method: string, status: number, headers: HeaderList = []): AnswerHead {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new ListenerError('invalid_status', `status ${status}`);
  }
  let close = false;
  let statedLength: string | undefined;
  const kept: Array<readonly [string, string]> = [];
  for (const header of headers) {
    const [name, value] = header;
    checkHeader(name, value);
    const key = name.toLowerCase();
    if (!OWN_HEADERS.has(key)) kept.push(header);
    else if (key === 'connection') close ||= /(^|,)\s*close\s*(,|$)/i.test(value);
    else if (key === 'content-length') statedLength = value;
  }
  const describesAbsentBody = method === 'HEAD' || status === 304;
  return {
    status,
    text: STATUS_CODES[status] ?? 'Unknown',
    headers: kept,
    bodyless: describesAbsentBody || status === 204,
    statedLength: describesAbsentBody && /^\d+$/.test(statedLength ?? '') ? statedLength : undefined,
    close,
  };
}

function checkHeader(name: string, value: string): void {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new ListenerError('invalid_header', `header name ${JSON.stringify(name)}`);
  }
  if (typeof value !== 'string' || !VALUE.test(value)) {
    throw new ListenerError('invalid_header', `value ${JSON.stringify(value)} of header ${name}`);
  }
}

/** Bytes of a body or piece. */
export function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data) : data;
}

/**
 * The content-length an answer in one piece carries: that of its body, also for HEAD, where the body itself is
 * not sent; 204 has none; 304 only what the owner stated (RFC 9110 §8.6).
 */
export function contentLength(head: AnswerHead, body: Uint8Array): string | undefined {
  if (head.status === 204) return undefined;
  if (head.bodyless && body.length === 0) return head.statedLength;
  return head.status === 304 ? head.statedLength : String(body.length);
}
