import { FUNCTION_BAGGAGE, isBuiltinId, type Writable } from 'iii-protocol';

/** W3C trace headers as they travel beside a call (protocol.md §7.8). */
export interface TraceContext {
  readonly traceparent?: string;
  readonly baggage?: string;
}

/** Of calls without any. */
export const NO_TRACE: TraceContext = {};

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ALL_ZERO = /^0+$/;
const LONE_SURROGATE = /\p{Surrogate}/gu;

/**
 * The same trace and parent span as version `00` with only the sampled flag kept, or undefined when the header is
 * not valid.
 */
export function normalizeTraceparent(header: string): string | undefined {
  const match = TRACEPARENT.exec(header.trim());
  if (match === null) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (ALL_ZERO.test(traceId) || ALL_ZERO.test(spanId)) return undefined;
  const sampled = Number.parseInt(flags, 16) & 1;
  return `00-${traceId}-${spanId}-0${sampled}`;
}

/** The baggage with the entry that names the function set, replacing one that is there. */
export function baggageFor(functionId: string, baggage: string | undefined): string {
  const own = entryNaming(functionId);
  if (baggage === undefined || baggage === '') return own;
  const others = baggage
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '' && entry.split('=', 1)[0]?.trim() !== FUNCTION_BAGGAGE);
  return [...others, own].join(',');
}

/** The trace headers of a frame. */
export function traceOf({ traceparent, baggage }: TraceContext): TraceContext {
  if (traceparent === undefined && baggage === undefined) return NO_TRACE;
  return contextWith(traceparent, baggage);
}

/** What the executor of a call gets to see of its caller's trace. */
export function contextForExecutor(functionId: string, caller: TraceContext): TraceContext {
  if (caller.traceparent === undefined && caller.baggage === undefined) return caller;
  const traceparent = caller.traceparent === undefined ? undefined : normalizeTraceparent(caller.traceparent);
  const given = caller.baggage === '' ? undefined : caller.baggage;
  if (traceparent === undefined && given === undefined) return {};
  const baggage = isBuiltinId(functionId) ? given : baggageFor(functionId, given);
  return contextWith(traceparent, baggage);
}

function contextWith(traceparent: string | undefined, baggage: string | undefined): TraceContext {
  const context: Writable<TraceContext> = {};
  if (traceparent !== undefined) context.traceparent = traceparent;
  if (baggage !== undefined) context.baggage = baggage;
  return context;
}

let last: { readonly functionId: string; readonly entry: string } | undefined;

/** Most jobs that come one after the other are for the same function. */
function entryNaming(functionId: string): string {
  if (last?.functionId !== functionId) {
    last = { functionId, entry: `${FUNCTION_BAGGAGE}=${encodeBaggageValue(functionId)}` };
  }
  return last.entry;
}

/** What is left as it is by what follows, like nearly every id. */
const READABLE = /^[\w.:/-]*$/;

/** Percent-encoding of W3C baggage values; `:` and `/` are allowed there and stay readable. */
function encodeBaggageValue(text: string): string {
  if (READABLE.test(text)) return text;
  return encodeURIComponent(text.replace(LONE_SURROGATE, '\ufffd'))
    .replaceAll('%3A', ':')
    .replaceAll('%2F', '/');
}
