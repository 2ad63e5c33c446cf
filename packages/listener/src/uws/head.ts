import { addressFromBytes } from '../address.js';
import { Head } from '../request-head.js';
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
