import type { RawJson } from 'iii-protocol';
import type { HandlerContext } from '../engine.js';
import { RawValue, rawOf } from '../link/raw-value.js';
import type { RegisterFunctionOptions, TriggerRequest } from '../protocol.js';
import type { FunctionRef } from '../runtime.js';
import type { IIIClient } from '../types/client.js';
import type { JsonValue } from '../types/json.js';
import type { CallExtras } from './calls.js';
import type { RegisteredFunction } from './registrations.js';

/** A handler that takes and gives JSON text. `undefined` is an absent result; the text `null` is a result. */
export type RawHandler = (
  data: RawJson,
  metadata: JsonValue | undefined,
  context: HandlerContext,
) => Promise<RawJson | undefined> | RawJson | undefined;

export type RawTriggerRequest = Omit<TriggerRequest, 'payload'> & {
  readonly payload: RawJson;
  /** Metadata as text, instead of `metadata`. */
  readonly rawMetadata?: RawJson;
};
export type { CallExtras };

/** Calls whose payloads and results stay JSON text: numbers keep every digit, and nothing is parsed on the way. */
export interface RawCalls {
  /**
   * As `registerFunction` of the client. The text belongs to the call: copy what is kept longer (`ownRaw`). Refs of
   * channels are not made live.
   */
  registerFunction(functionId: string, handler: RawHandler, options?: RegisterFunctionOptions): FunctionRef;
  /** As `trigger` of the client; undefined when the result was absent. */
  trigger(request: RawTriggerRequest, extras?: CallExtras): Promise<RawJson | undefined>;
}

/** Where a client keeps its {@link RawCalls}; not part of the interface programs see. */
export const RAW_CALLS = Symbol.for('iii-sdk.raw-calls');

/**
 * The raw calls of a client. Text stays the very same only inside one process; over a WebSocket it is parsed and
 * written again, with the limits that JavaScript's numbers have.
 */
export function rawCalls(iii: IIIClient): RawCalls {
  const calls = (iii as { readonly [RAW_CALLS]?: RawCalls })[RAW_CALLS];
  if (calls === undefined) throw new TypeError('rawCalls() takes a client made by this package');
  return calls;
}

/** The raw calls of a client that offers and calls functions like this. */
export function rawCallsOver(
  offer: (functionId: string, registered: RegisteredFunction) => FunctionRef,
  make: (request: TriggerRequest, extras?: CallExtras) => Promise<unknown>,
): RawCalls {
  return {
    registerFunction: (id, rawHandler, options = {}) =>
      offer(id, { message: { ...options, type: 'registerfunction', id }, handler: undefined, rawHandler }),
    trigger: (request, extras) => make(requestOf(request), extras).then(rawOf),
  };
}

/** Member by member: every job, and every request over HTTP, is called like this. */
function requestOf(raw: RawTriggerRequest): TriggerRequest {
  const { function_id, payload, action, timeoutMs, signal, metadata, rawMetadata, namespace } = raw;
  const request: TriggerRequest = { function_id, payload: new RawValue(payload) };
  if (action !== undefined) request.action = action;
  if (timeoutMs !== undefined) request.timeoutMs = timeoutMs;
  if (signal !== undefined) request.signal = signal;
  if (rawMetadata !== undefined) request.metadata = new RawValue(rawMetadata);
  else if (metadata !== undefined) request.metadata = metadata;
  if (namespace !== undefined) request.namespace = namespace;
  return request;
}
