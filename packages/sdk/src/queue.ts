import type { EnqueueResult } from './index.js';
import { TriggerAction } from './trigger-action.js';
import type { IIIClient } from './types/client.js';
import type { JsonValue } from './types/json.js';

/** What a job may ask of its queue; all of it goes before the settings of the queue. Durations in milliseconds. */
export interface EnqueueOptions {
  /** It is not started before. */
  delay_ms?: number;
  /** The same as a time: milliseconds since the epoch, or ISO 8601. */
  run_at?: number | string;
  /** 0 to 255, higher goes first; without effect in fifo queues. */
  priority?: number;
  /** Jobs of one key within `dedup_window_ms` are one job. */
  dedup_key?: string;
  /** Default five minutes. */
  dedup_window_ms?: number;
  /** What a second job of a key does. Default `return_existing`: it is dropped for the receipt of the first. */
  on_duplicate?: 'return_existing' | 'reject' | 'replace';
  /** Group of a fifo queue, instead of its `message_group_field`. */
  group?: string;
  max_retries?: number;
  backoff_ms?: number;
  max_backoff_ms?: number;
  /** 0 to 1: part of each pause that is random. */
  jitter?: number;
  /** An attempt that takes longer has failed. */
  timeout_ms?: number;
  /** Not started within it, the job is a dead letter. */
  ttl_ms?: number;
  /** Function that is handed the dead letter. */
  on_failure?: string;
}

/** A job to be queued. */
export interface EnqueueRequest<TInput = unknown> extends EnqueueOptions {
  queue: string;
  function_id: string;
  payload: TInput;
  /** Delivered to the handler beside what says which job it is. */
  metadata?: Readonly<Record<string, JsonValue>>;
}

/** A receipt; `deduplicated` when it is that of an earlier job. */
export interface Receipt extends EnqueueResult {
  deduplicated?: boolean;
}

/** Which job a handler is at, from the metadata it is called with. */
export interface JobInfo {
  queue: string;
  message_id: string;
  /** From 1. */
  attempt: number;
  /** Milliseconds since the epoch. */
  enqueued_at_ms: number;
}

/**
 * Puts a job into a queue; resolves once it is stored as durably as the queue promises.
 *
 * @throws InvocationError `enqueue_error`, saying why it was not accepted.
 *
 * @example await enqueue(worker, { queue: 'emails', function_id: 'email::send', payload: { to }, delay_ms: 60_000 });
 */
export async function enqueue<TInput>(iii: IIIClient, request: EnqueueRequest<TInput>): Promise<Receipt> {
  const { queue, function_id, payload, metadata, ...options } = request;
  const action = TriggerAction.Enqueue({ queue, ...options });
  return iii.trigger<TInput, Receipt>({
    function_id,
    payload,
    action,
    ...(metadata === undefined ? {} : { metadata }),
  });
}

/**
 * Puts up to 1000 jobs into queues, all or none.
 *
 * @throws InvocationError with the code of the first that cannot be accepted.
 */
export async function enqueueBatch(iii: IIIClient, requests: readonly EnqueueRequest[]): Promise<Receipt[]> {
  const jobs = requests.map(({ queue, function_id, payload, metadata, ...options }) => ({
    queue,
    function_id,
    data: payload ?? null,
    ...(metadata === undefined ? {} : { metadata }),
    options,
  }));
  const { receipts } = await iii.trigger<object, { receipts: Receipt[] }>({
    function_id: 'iii::queue::enqueue_batch',
    payload: { jobs },
  });
  return receipts;
}

/**
 * Stores a message for every subscriber of a topic, for those too that are away.
 *
 * @throws InvocationError `publish_failed` when none of them gets it.
 */
export async function publish(iii: IIIClient, topic: string, data: unknown): Promise<void> {
  await iii.trigger({ function_id: 'iii::durable::publish', payload: { topic, data: data ?? null } });
}

/** Which job a handler is at; undefined when it was not called by a queue. */
export function jobOf(metadata: JsonValue | undefined): JobInfo | undefined {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return undefined;
  const job = (metadata as Readonly<Record<string, unknown>>)['iii.queue'];
  return typeof job === 'object' && job !== null && 'message_id' in job ? (job as JobInfo) : undefined;
}

/**
 * Tells how far the job is that a handler is at, for `iii queue tail` and `queue:event` triggers.
 *
 * @example worker.registerFunction('video::encode', async (data, metadata) => {
 *   await reportProgress(worker, metadata, { percent: 40, note: 'second pass' });
 * });
 */
export async function reportProgress(
  iii: IIIClient,
  metadata: JsonValue | undefined,
  progress: { readonly percent?: number; readonly note?: string },
): Promise<void> {
  const job = jobOf(metadata);
  if (job === undefined) return;
  const payload = { message_id: job.message_id, ...progress };
  await iii.trigger({ function_id: 'iii::queue::progress', payload });
}
