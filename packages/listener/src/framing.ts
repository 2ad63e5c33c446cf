import { headerTokens } from './request-head.js';
import type { RequestHead } from './types.js';

/**
 * Whether a body follows this head, or `undefined` when that cannot be told safely: two lengths, a length that is no
 * number, a coding other than chunked, a coding and a length. The parsers below let some of these through, and what
 * they take for the next request could be smuggled in the body of this one (RFC 9112 §11.2).
 */
export function announcesBody(head: RequestHead): boolean | undefined {
  let length: string | undefined;
  for (const [name, value] of head.headers) {
    if (name === 'content-length' && length === undefined && LENGTH.test(value)) length = value;
    else if (name === 'content-length' || name === 'transfer-encoding') return weighed(head);
  }
  return length !== undefined && Number(length) > 0;
}

const LENGTH = /^\d{1,15}$/;

/** Anything but a single length. */
function weighed(head: RequestHead): boolean | undefined {
  const codings = headerTokens(head, 'transfer-encoding');
  const lengths = new Set(headerTokens(head, 'content-length'));
  if (codings.length > 0) {
    return codings.length === 1 && codings[0] === 'chunked' && lengths.size === 0 ? true : undefined;
  }
  const [length] = lengths;
  if (length === undefined) return false;
  return lengths.size === 1 && LENGTH.test(length) ? Number(length) > 0 : undefined;
}
