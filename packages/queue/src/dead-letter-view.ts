import { parseRaw } from 'iii-protocol';
import type { DeadLetter } from './store/dead-letters.js';

/** A dead letter as it is shown (spec/worker-queue.md §3.5). */
export function deadLetterView({ job, state, failedAtMs, bytes }: DeadLetter) {
  const last = state.errors.at(-1);
  return {
    id: job.receipt,
    payload: parseRaw(job.data),
    error: last === undefined ? 'unknown' : `${last.code}: ${last.message}`,
    failed_at: Math.floor(failedAtMs / 1_000),
    retries: state.started,
    size_bytes: bytes,
    message_id: job.receipt,
    function_id: job.functionId,
    namespace: job.namespace,
    enqueued_at_ms: job.enqueuedAtMs,
    failed_at_ms: failedAtMs,
    errors: state.errors,
  };
}
