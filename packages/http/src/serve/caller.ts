import { DEFAULT_NAMESPACE, RAW_NULL, type RawJson, type Writable } from 'iii-protocol';
import { type IIIClient, InvocationError } from 'iii-sdk';
import { type RawTriggerRequest, rawCalls, type TraceHeaders } from 'iii-sdk/link';
import type { Exchange } from './exchange.js';

/** Milliseconds that a call may outlive its exchange, so that the deadline of the exchange is the one that counts. */
const CALL_GRACE_MS = 1_000;

/** Calls the functions that a request needs, in the namespace of its route and as part of its trace. */
export class Caller {
  constructor(
    private readonly iii: IIIClient,
    private readonly exchange: Exchange,
    private readonly trace: TraceHeaders,
  ) {}

  /** @throws InvocationError */
  call(functionId: string, payload: RawJson): Promise<RawJson> {
    return this.#callIn(this.exchange.route.namespace, functionId, payload);
  }

  /**
   * Has no time limit of its own, because a response may be streamed for hours: it is ended by its exchange.
   *
   * @throws InvocationError
   */
  callHandler(payload: RawJson): Promise<RawJson> {
    const { namespace, functionId, metadata } = this.exchange.route;
    return this.#callIn(namespace, functionId, payload, Number.POSITIVE_INFINITY, metadata);
  }

  /** Also finds a function of the default namespace when that of the route has none (spec/worker-http.md §20.34). */
  async callGlobal(functionId: string, payload: RawJson): Promise<RawJson> {
    const { namespace } = this.exchange.route;
    try {
      return await this.#callIn(namespace, functionId, payload);
    } catch (error) {
      if (namespace === DEFAULT_NAMESPACE || !isMissing(error, functionId) || !this.exchange.isOpen)
        throw error;
      return await this.#callIn(DEFAULT_NAMESPACE, functionId, payload);
    }
  }

  #callIn(
    namespace: string,
    functionId: string,
    payload: RawJson,
    timeoutMs = this.exchange.remainingMs + CALL_GRACE_MS,
    metadata?: Readonly<Record<string, unknown>>,
  ): Promise<RawJson> {
    const request: Writable<RawTriggerRequest> = {
      function_id: functionId,
      payload,
      namespace,
      timeoutMs,
      signal: this.exchange.dismissal,
    };
    if (metadata !== undefined) request.metadata = metadata;
    return rawCalls(this.iii).trigger(request, { trace: this.trace, ownsSignal: true }).then(orNull);
  }
}

function orNull(result: RawJson | undefined): RawJson {
  return result ?? RAW_NULL;
}

/** Whether this function itself is missing, and not one that it calls. */
function isMissing(error: unknown, functionId: string): boolean {
  return (
    error instanceof InvocationError &&
    error.code === 'function_not_found' &&
    error.message.includes(`Function ${functionId} not found`)
  );
}
