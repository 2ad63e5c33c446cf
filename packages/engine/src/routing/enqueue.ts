import {
  type Action,
  CALLER_MEMBER,
  DEFAULT_NAMESPACE,
  ENQUEUE_FUNCTION,
  type InvokeFunctionFrame,
  joinRaw,
  parseRaw,
  quoted,
  type RawJson,
  RESERVED_PREFIX,
  rawFromMixed,
  rawFromParts,
  rawFromValue,
  rawMembers,
  removeRawMember,
} from 'iii-protocol';
import { EngineError } from '../errors.js';
import { baggageFor } from '../trace-context.js';
import type { Outcome } from './call.js';
import type { EngineCall } from './router.js';

type EnqueueAction = Extract<Action, { type: 'enqueue' }>;

/** Member of the metadata that is for the queue, and not for the target (worker-queue.md §17.3). */
const QUEUE_MEMBER = 'iii.queue';

/** What stands in the action itself goes before what stands in the metadata. */
function withOptions(metadata: RawJson | undefined, options: Readonly<Record<string, unknown>>): RawJson {
  const members = metadata === undefined ? new Map<string, RawJson>() : rawMembers(metadata);
  const given = members.get(QUEUE_MEMBER);
  const others = given === undefined ? {} : parseRaw(given);
  const merged = rawFromValue({ ...(typeof others === 'object' ? others : {}), ...options });
  return rawFromMixed({ ...Object.fromEntries(members), [QUEUE_MEMBER]: merged });
}

/**
 * The call to the queue provider that an enqueue action becomes (protocol.md §7.3).
 *
 * The metadata of the call travels beside it, where providers that know nothing of it take no offence.
 *
 * @param hasUnderscore whether any member name in the frame may begin with `_`.
 * @throws EngineError for targets that must not be queued: the engine’s own functions trust `_caller_worker_id`,
 *   which a job could forge (§19.30).
 */
export function enqueueRequest(
  frame: InvokeFunctionFrame,
  { queue, options }: EnqueueAction,
  namespace: string,
  receiptId: string,
  hasUnderscore = true,
): { readonly call: EngineCall; readonly receiptId: string } {
  if (frame.function_id.startsWith(RESERVED_PREFIX)) {
    throw new EngineError('enqueue_error', `${frame.function_id} belongs to the engine and cannot be queued`);
  }
  // The payload is copied once, and into memory of its own: the provider may keep it.
  const data = rawFromParts({
    queue,
    function_id: frame.function_id,
    data: hasUnderscore ? removeRawMember(frame.data, CALLER_MEMBER) : frame.data,
    messageReceiptId: receiptId,
    traceparent: frame.traceparent ?? null,
    baggage: baggageFor(frame.function_id, frame.baggage),
    namespace: namespace === DEFAULT_NAMESPACE ? undefined : namespace,
  });
  const metadata = options === undefined ? frame.metadata : withOptions(frame.metadata, options);
  const call = { functionId: ENQUEUE_FUNCTION, data, ...(metadata === undefined ? {} : { metadata }) };
  return { call, receiptId };
}

/** What the caller of an enqueue hears. */
export function enqueueOutcome(outcome: Outcome, receiptId: string): Outcome {
  const { error, result } = outcome;
  if (error === undefined) {
    const receipt = joinRaw([`{"messageReceiptId":${quoted(receiptId)}}`]);
    // Which is what the provider nearly always says.
    if (result !== undefined && Buffer.compare(result, receipt) === 0) return { result: receipt };
    const earlier = earlierReceipt(outcome);
    return { result: earlier === undefined ? receipt : rawFromValue(earlier) };
  }
  const message =
    error.code === 'function_not_found'
      ? `no queue worker is running: ${ENQUEUE_FUNCTION} is not registered. Add one with ` +
        `\`iii worker add queue\`. (${error.message})`
      : `${error.code}: ${error.message}`;
  return { error: { code: 'enqueue_error', message } };
}

/** The receipt of the job that counts instead, when the provider says that it has it already (worker-queue.md §17.3). */
function earlierReceipt({ result }: Outcome) {
  const reply = result === undefined ? undefined : parseRaw(result);
  if (typeof reply !== 'object' || reply === null) return undefined;
  const { messageReceiptId, deduplicated } = reply as Record<string, unknown>;
  if (deduplicated !== true || typeof messageReceiptId !== 'string') return undefined;
  return { messageReceiptId, deduplicated };
}
