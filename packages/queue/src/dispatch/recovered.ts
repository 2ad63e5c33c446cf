import { INTERRUPTED } from '../errors.js';
import { type JobState, withFailure } from '../job.js';

/** Attempts that had begun and not ended when this process ended: interrupted, and perhaps too often (§8.6). */
export function recovered(state: JobState, maxInterrupted: number, nowMs: number): JobState {
  const lost = state.started - state.failed - state.interrupted;
  if (lost <= 0) return state;
  const interrupted = state.interrupted + lost;
  if (interrupted <= maxInterrupted) return { ...state, interrupted };
  const message = 'the process that ran the queue ended before the attempt did';
  const failure = { attempt: state.failed + 1, code: INTERRUPTED, message, at_ms: nowMs };
  return withFailure(state, failure);
}
