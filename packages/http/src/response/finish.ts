import type { HeaderList, RequestHead } from 'iii-listener';
import type { HttpConfig } from '../config.js';
import { type RequestId, withRequestId } from '../request/request-id.js';
import { createCors } from './cors.js';

/** Of use for any answer, whatever is in it. What is secure over TLS is up to who ends that. */
const SECURITY: HeaderList = [
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'SAMEORIGIN'],
  ['referrer-policy', 'no-referrer'],
  ['x-permitted-cross-domain-policies', 'none'],
];

/** Headers that answers have besides their own. */
export interface Finish {
  /** Of the answer to an OPTIONS request. */
  preflight(head: RequestHead, id: RequestId | undefined): HeaderList;
  /** Of any other, with its own. CORS and the id go over those; what is set for security gives way to them. */
  apply(head: RequestHead, headers: HeaderList, id: RequestId | undefined): HeaderList;
}

export function createFinish({ cors: config, security_headers }: HttpConfig): Finish {
  const cors = createCors(config);
  const secured = security_headers ? withSecurity : (headers: HeaderList) => headers;
  return {
    preflight: (head, id) => withRequestId(secured(cors.preflight(head)), id),
    apply: (head, headers, id) => withRequestId(secured(cors.apply(head, headers)), id),
  };
}

function withSecurity(headers: HeaderList): HeaderList {
  const own = new Set(headers.map(([name]) => name.toLowerCase()));
  return [...headers, ...SECURITY.filter(([name]) => !own.has(name))];
}
