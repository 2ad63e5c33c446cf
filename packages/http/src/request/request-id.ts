import type { HeaderList, RequestHead } from 'iii-listener';
import { randomUuid } from 'iii-protocol';

/** What a request is called in logs, by its handler, and by whoever sent it. */
export interface RequestId {
  /** Lower-case name of the header that carries it. */
  readonly header: string;
  readonly value: string;
}

/** What others call a request must be fit for a log line and an index: printable, without spaces, and not long. */
const SOUND = /^[\x21-\x7e]{1,128}$/;

/**
 * The id that came with a request, so that one request has one name on its way through several systems, or else a new
 * one.
 *
 * @param header lower-case; null where requests have no ids.
 */
export function requestIdOf(request: RequestHead, header: string | null): RequestId | undefined {
  if (header === null) return undefined;
  const given = request.header(header);
  return { header, value: given !== undefined && SOUND.test(given) ? given : randomUuid() };
}

/** Headers with the id, once, in place of what was sent under its name. */
export function withRequestId(headers: HeaderList, id: RequestId | undefined): HeaderList {
  if (id === undefined) return headers;
  return [...headers.filter(([name]) => name.toLowerCase() !== id.header), [id.header, id.value]];
}

/** What log lines of a request say of its id. */
export function idField(id: RequestId | undefined): { request_id?: string } {
  return id === undefined ? {} : { request_id: id.value };
}
