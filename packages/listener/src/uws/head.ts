import { addressFromBytes } from '../address.js';
import { Head, headerTokens } from '../request-head.js';
import type { RequestHead } from '../types.js';
import type { NativeRequest, NativeResponse } from './native.js';

/** Copies what is known of a request: the native object is void once the handler returns. */
export function readHead(res: NativeResponse, req: NativeRequest): RequestHead {
  const headers: Array<readonly [string, string]> = [];
  req.forEach((name, value) => {
    headers.push([name, byteText(value)]);
  });
  return new Head(
    req.getCaseSensitiveMethod(),
    byteText(req.getUrl()),
    byteText(req.getQuery() ?? ''),
    headers,
    addressFromBytes(new Uint8Array(res.getRemoteAddress())),
  );
}

const BEYOND_ASCII = /[^\0-\x7f]/;

/** uWebSockets.js decodes UTF-8 where node:http gives one character per byte; the latter is what owners expect. */
function byteText(text: string): string {
  return BEYOND_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

/**
 * Whether a body can follow this head, or `undefined` when that cannot be told safely: two lengths, a length that is
 * no number, a coding other than chunked. uWebSockets.js lets those through, and what it takes for the next request
 * could be smuggled in the body of this one.
 */
export function announcesBody(head: RequestHead): boolean | undefined {
  const codings = headerTokens(head, 'transfer-encoding');
  const lengths = new Set(headerTokens(head, 'content-length'));
  if (codings.length > 0) {
    return codings.length === 1 && codings[0] === 'chunked' && lengths.size === 0 ? true : undefined;
  }
  const [length] = lengths;
  if (length === undefined) return false;
  return lengths.size === 1 && /^\d{1,15}$/.test(length) ? Number(length) > 0 : undefined;
}
