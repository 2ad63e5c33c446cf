import type { RequestHead } from 'iii-listener';
import type { Writable } from 'iii-protocol';
import type { TraceHeaders } from 'iii-sdk/link';

/** Bytes of baggage worth passing on: what W3C Baggage §3.3.2 asks everyone to pass on. */
const MAX_BAGGAGE = 8192;

/** The trace a request belongs to; calls made for it carry these on. The engine checks them. */
export function traceOf(head: RequestHead): TraceHeaders {
  const traceparent = head.header('traceparent');
  const trace: Writable<TraceHeaders> = {};
  if (traceparent !== undefined) trace.traceparent = traceparent;
  if (head.header('baggage') === undefined) return trace;
  const lines = head.headers.filter(([name]) => name === 'baggage').map(([, value]) => value);
  const baggage = lines.join(',');
  if (baggage !== '' && baggage.length <= MAX_BAGGAGE) trace.baggage = baggage;
  return trace;
}
