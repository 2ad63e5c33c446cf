import type { RequestHead } from 'iii-listener';

/** Headers whose values may be secrets (spec/worker-http.md §13). */
const SECRET = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'baggage',
  'x-api-key',
  'api-key',
  'x-auth-token',
  'x-access-token',
  'x-secret',
  'x-csrf-token',
]);

/** A request as a log line may show it. It is only looked at when the line is written. */
export function loggedRequest({ method, remoteAddress, headers, query }: RequestHead): { toJSON(): object } {
  return {
    toJSON: () => ({
      method,
      remote_address: remoteAddress,
      query_keys: [...new URLSearchParams(`?${query}`).keys()],
      headers: headers.map(([name, value]) => `${name}: ${SECRET.has(name) ? '[redacted]' : value}`),
    }),
  };
}
