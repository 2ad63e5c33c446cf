import { AsyncLocalStorage } from 'node:async_hooks';

/** W3C trace headers of the call a handler is answering. */
export interface TraceHeaders {
  readonly traceparent?: string;
  readonly baggage?: string;
}

const NONE: TraceHeaders = {};
const current = new AsyncLocalStorage<TraceHeaders>();

/** Runs a handler so that the calls it makes carry the headers of the call it answers (sdk-node.md §21 E6). */
export function withTrace<T>(headers: TraceHeaders, run: () => T): T {
  const hasAny = headers.traceparent !== undefined || headers.baggage !== undefined;
  return hasAny ? current.run(headers, run) : run();
}

export function currentTrace(): TraceHeaders {
  return current.getStore() ?? NONE;
}
