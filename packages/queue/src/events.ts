/** What can happen to a job or a queue (spec/worker-queue.md §17.3). */
export const QUEUE_EVENTS = [
  'enqueued',
  'started',
  'progress',
  'retried',
  'completed',
  'dead_lettered',
  'cancelled',
  'paused',
  'resumed',
] as const;
export type QueueEventName = (typeof QUEUE_EVENTS)[number];

/** The payload of a `queue:event` trigger. */
export interface QueueEvent {
  readonly event: QueueEventName;
  /** Name of the queue, or `topic → function`. */
  readonly queue: string;
  readonly message_id?: string;
  readonly function_id?: string;
  /** From 1. */
  readonly attempt?: number;
  readonly error?: { readonly code: string; readonly message: string };
  readonly percent?: number;
  readonly note?: string;
  readonly at_ms: number;
}

export type Emit = (event: Omit<QueueEvent, 'at_ms'>) => void;
