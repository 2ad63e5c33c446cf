import {
  FUNCTION_BAGGAGE,
  isRawNull,
  joinRaw,
  parseRaw,
  quoted,
  type RawJson,
  rawFromValue,
  type Writable,
} from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import { type RawCalls, rawCalls, type TraceHeaders } from 'iii-sdk/link';
import { isRecord } from '../is-record.js';
import type { Job } from '../job.js';
import { lastMade } from '../last-made.js';
import { type Outcome, outcomeOf } from './outcome.js';
import type { StopSignal } from './stop-signal.js';

/** What goes with one attempt. */
export interface Delivery {
  readonly queue: string;
  /** From 1. */
  readonly attempt: number;
  readonly timeoutMs: number;
  readonly condition: string | undefined;
  /** Of the trigger, for subscribers. */
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
  readonly signal: StopSignal;
}

/** Takes jobs to their functions, as the caller that queued them would have called (spec/worker-queue.md §5.1, §6.4). */
export class Courier {
  readonly #calls: RawCalls;

  constructor(iii: IIIClient) {
    this.#calls = rawCalls(iii);
  }

  /** Never rejects. */
  deliver(job: Job, delivery: Delivery): Promise<Outcome> {
    const { condition } = delivery;
    if (condition === undefined) return this.#run(job, delivery);
    return this.#call(condition, job, delivery).then(
      (result) => (isTruthy(result) ? this.#run(job, delivery) : DONE),
      (error: unknown) => failed(error, condition, delivery),
    );
  }

  #run(job: Job, delivery: Delivery): Promise<Outcome> {
    const { functionId } = job;
    return this.#call(functionId, job, delivery).then(done, (error: unknown) =>
      failed(error, functionId, delivery),
    );
  }

  /** @throws InvocationError, or what the call was given up for. */
  #call(functionId: string, job: Job, delivery: Delivery): Promise<RawJson | undefined> {
    const { timeoutMs, signal } = delivery;
    const baggage = job.baggage === undefined ? undefined : untagged(job.baggage);
    const trace: Writable<TraceHeaders> = {};
    if (job.traceparent !== undefined) trace.traceparent = job.traceparent;
    if (baggage !== undefined) trace.baggage = baggage;
    const request = {
      function_id: functionId,
      namespace: job.namespace,
      payload: job.data,
      rawMetadata: metadataFor(job, delivery),
      timeoutMs,
      signal,
    };
    return this.#calls.trigger(request, { trace, ownsSignal: true });
  }
}

const DONE: Outcome = { kind: 'done' };
const done = () => DONE;

function failed(error: unknown, functionId: string, { signal }: Delivery): Outcome {
  const { reason } = signal;
  if (signal.aborted && (reason === 'cancelled' || reason === 'released')) return { kind: reason };
  return outcomeOf(error, functionId);
}

/** DESIGN D7. */
function isTruthy(result: RawJson | undefined): boolean {
  return result !== undefined && !isRawNull(result) && Boolean(parseRaw(result));
}

/** What the caller or the trigger sent, and which job this is (§5.1). */
function metadataFor(job: Job, { queue, attempt, metadata }: Delivery): RawJson {
  const { receipt, enqueuedAtMs } = job;
  if (job.metadata === undefined && metadata === undefined) {
    // Of nearly every job, and quicker like this.
    const own = `{"queue":${quoted(queue)},"message_id":${quoted(receipt)},"attempt":${attempt},"enqueued_at_ms":${enqueuedAtMs}}`;
    return joinRaw([`{"iii.queue":${own}}`]);
  }
  const given = isRecord(job.metadata) ? job.metadata : {};
  const own = { queue, message_id: receipt, attempt, enqueued_at_ms: enqueuedAtMs };
  return rawFromValue({ ...given, ...metadata, 'iii.queue': own });
}

const TAGS = ['iii.tag.kind', 'iii.tag.display_name', 'iii.tag.hidden'];

const untagged = lastMade(withoutTags);

/** The baggage without what described the span of the one who queued (§14). */
function withoutTags(baggage: string): string | undefined {
  const kept = baggage.split(',').filter((entry) => {
    const name = entry.slice(0, Math.max(0, entry.indexOf('='))).trim();
    return entry.trim() !== '' && !TAGS.includes(name) && name !== FUNCTION_BAGGAGE;
  });
  return kept.length === 0 ? undefined : kept.join(',');
}
