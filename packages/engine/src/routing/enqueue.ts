import {
  CALLER_MEMBER,
  DEFAULT_NAMESPACE,
  ENQUEUE_FUNCTION,
  type InvokeFunctionFrame,
  RESERVED_PREFIX,
  rawFromMixed,
  rawFromValue,
  removeRawMember,
} from 'iii-protocol';
import { EngineError } from '../errors.js';
import { baggageFor } from '../trace-context.js';
import type { Outcome } from './call.js';
import type { EngineCall } from './router.js';

/**
 * The call to the queue provider that an enqueue action becomes (protocol.md §7.3).
 *
 * @throws EngineError for targets that must not be queued: the engine’s own functions trust `_caller_worker_id`,
 *   which a job could forge (§19.30).
 */
export function enqueueRequest(
  frame: InvokeFunctionFrame,
  queue: string,
  namespace: string,
  receiptId: string,
): { readonly call: EngineCall; readonly receiptId: string } {
  if (frame.function_id.startsWith(RESERVED_PREFIX)) {
    throw new EngineError('enqueue_error', `${frame.function_id} belongs to the engine and cannot be queued`);
  }
  const data = rawFromMixed({
    queue,
    function_id: frame.function_id,
    data: removeRawMember(frame.data, CALLER_MEMBER),
    messageReceiptId: receiptId,
    traceparent: frame.traceparent ?? null,
    baggage: baggageFor(frame.function_id, frame.baggage),
    ...(namespace === DEFAULT_NAMESPACE ? {} : { namespace }),
  });
  return { call: { functionId: ENQUEUE_FUNCTION, data }, receiptId };
}

/** What the caller of an enqueue hears. */
export function enqueueOutcome(outcome: Outcome, receiptId: string): Outcome {
  const { error } = outcome;
  if (error === undefined) return { result: rawFromValue({ messageReceiptId: receiptId }) };
  const message =
    error.code === 'function_not_found'
      ? `no queue worker is running: ${ENQUEUE_FUNCTION} is not registered. Add one with ` +
        `\`iii worker add queue\`. (${error.message})`
      : `${error.code}: ${error.message}`;
  return { error: { code: 'enqueue_error', message } };
}
