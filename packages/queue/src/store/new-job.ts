import type { Writable } from 'iii-protocol';
import type { Job } from '../job.js';
import type { Dedup } from './deduplication.js';

/** A job to be accepted. */
export interface NewJob extends Omit<Job, 'seq' | 'receipt' | 'enqueuedAtMs'> {
  /** Where whoever hands it in has made one already. */
  readonly receipt?: string;
  /** Wall time before which it must not be started. */
  readonly dueMs?: number;
  /** Jobs the queue may hold. */
  readonly maxLength?: number | undefined;
  readonly dedup?: Dedup;
}

/** The job it becomes; member by member, for this is done with every job. */
export function jobOf(given: NewJob, seq: number, receipt: string, enqueuedAtMs: number): Writable<Job> {
  const { queue, lane, priority, functionId, namespace, data } = given;
  const { metadata, traceparent, baggage, expiresAtMs, overrides } = given;
  const job: Writable<Job> = {
    seq,
    queue,
    lane,
    priority,
    receipt,
    functionId,
    namespace,
    data,
    enqueuedAtMs,
  };
  if (metadata !== undefined) job.metadata = metadata;
  if (traceparent !== undefined) job.traceparent = traceparent;
  if (baggage !== undefined) job.baggage = baggage;
  if (expiresAtMs !== undefined) job.expiresAtMs = expiresAtMs;
  if (overrides !== undefined) job.overrides = overrides;
  return job;
}
