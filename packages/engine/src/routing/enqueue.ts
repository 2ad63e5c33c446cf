import {
  type Action,
  CALLER_MEMBER,
  DEFAULT_NAMESPACE,
  ENQUEUE_FUNCTION,
  ENQUEUE_MANY_FUNCTION,
  type ErrorBody,
  type InvokeFunctionFrame,
  isRawArray,
  isRawNull,
  joinRaw,
  parseRaw,
  quoted,
  RAW_NULL,
  type RawJson,
  type RawParts,
  RESERVED_PREFIX,
  rawElements,
  rawFromMixed,
  rawFromParts,
  rawFromValue,
  rawMembers,
  rawStandingFor,
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

/** A job as the queue provider is handed it. */
export interface EnqueuedJob {
  readonly parts: RawParts;
  /** Of the call; it travels beside the job, where providers that know nothing of it take no offence. */
  readonly metadata: RawJson | undefined;
}

/**
 * The job that a call with the action enqueue becomes (protocol.md §7.3).
 *
 * @param hasUnderscore whether any member name in the frame may begin with `_`.
 * @throws EngineError for targets that must not be queued: the engine’s own functions trust `_caller_worker_id`,
 *   which a job could forge (§19.30).
 */
export function enqueuedJob(
  frame: InvokeFunctionFrame,
  { queue, options }: EnqueueAction,
  namespace: string,
  hasUnderscore = true,
): EnqueuedJob {
  if (frame.function_id.startsWith(RESERVED_PREFIX)) {
    throw new EngineError('enqueue_error', `${frame.function_id} belongs to the engine and cannot be queued`);
  }
  const parts = {
    queue,
    function_id: frame.function_id,
    data: hasUnderscore ? removeRawMember(frame.data, CALLER_MEMBER) : frame.data,
    // Whoever takes many at a time makes them; one that goes alone gets it then, in this place.
    messageReceiptId: undefined,
    traceparent: frame.traceparent ?? null,
    baggage: baggageFor(frame.function_id, frame.baggage),
    namespace: namespace === DEFAULT_NAMESPACE ? undefined : namespace,
  };
  const metadata = options === undefined ? frame.metadata : withOptions(frame.metadata, options);
  return { parts, metadata };
}

/** The call that hands one job over, with its receipt. */
export function enqueueCall({ parts, metadata }: EnqueuedJob, receiptId: string): EngineCall {
  return {
    functionId: ENQUEUE_FUNCTION,
    data: rawFromParts({ ...parts, messageReceiptId: receiptId }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** The call that hands several over, to a provider that takes them, and makes their receipts. */
export function enqueueManyCall(jobs: readonly EnqueuedJob[]): EngineCall {
  const parts = jobs.map((job) =>
    job.metadata === undefined ? job.parts : { ...job.parts, metadata: job.metadata },
  );
  return { functionId: ENQUEUE_MANY_FUNCTION, data: rawStandingFor(parts) };
}

/** What each of the callers hears whose jobs were handed over together. */
export function outcomesOf({ error, result }: Outcome, jobs: readonly EnqueuedJob[]): Outcome[] {
  if (error !== undefined) return jobs.map(() => refusal(error));
  const members = rawMembers(result ?? RAW_NULL);
  const replies = elementsOf(members.get('replies'));
  const errors = members.get('errors');
  const known = (errors === undefined ? {} : parseRaw(errors)) as Readonly<Record<string, ErrorBody>>;
  return jobs.map((_, at) => {
    const reply = replies[at];
    return reply === undefined || isRawNull(reply) ? refusal(known[at] ?? UNTOLD) : { result: reply };
  });
}

const UNTOLD: ErrorBody = { code: ENQUEUE_MANY_FUNCTION, message: 'nothing was said of this job' };

function elementsOf(raw: RawJson | undefined): RawJson[] {
  return raw !== undefined && isRawArray(raw) ? rawElements(raw) : [];
}

/** What the caller hears whose job was handed over by itself. */
export function enqueueOutcome(outcome: Outcome, receiptId: string): Outcome {
  const { error, result } = outcome;
  if (error === undefined) {
    const receipt = joinRaw([`{"messageReceiptId":${quoted(receiptId)}}`]);
    // Which is what the provider nearly always says.
    if (result !== undefined && Buffer.compare(result, receipt) === 0) return { result: receipt };
    const earlier = earlierReceipt(outcome);
    return { result: earlier === undefined ? receipt : rawFromValue(earlier) };
  }
  return refusal(error);
}

function refusal(error: ErrorBody): Outcome {
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
