import { HandlerError } from 'iii-sdk/errors';

interface ErrorEntry {
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly hint: string;
  /** Whether the same can succeed later without a change. */
  readonly retryable: boolean;
}

/** Every error of this package (spec/worker-queue.md §3). The codes are those of the official worker where it has one. */
export const queueErrors = {
  deserialization_error: {
    meaning: 'the input of a function is not what it takes',
    hint: 'see the schema of the function',
    retryable: false,
  },
  topic_not_set: {
    meaning: 'a message was published without a topic',
    hint: 'set topic to a non-empty string',
    retryable: false,
  },
  topic_required: {
    meaning: 'no topic or queue was named',
    hint: 'set topic, or queue, to a non-empty string',
    retryable: false,
  },
  queue_not_set: {
    meaning: 'no queue was named',
    hint: 'set queue, or topic, to a non-empty string',
    retryable: false,
  },
  message_id_not_set: {
    meaning: 'no message was named',
    hint: 'set message_id to the receipt of the job',
    retryable: false,
  },
  queue_not_found: {
    meaning: 'a queue of that name is not defined',
    hint: 'add it to queue_configs, or call queue::define',
    retryable: true,
  },
  invalid_job: {
    meaning: 'a job cannot be put into its queue',
    hint: 'the message says which part of it is wrong',
    retryable: false,
  },
  queue_full: {
    meaning: 'the queue holds as many jobs as it may',
    hint: 'try again when some are done, or raise max_length',
    retryable: true,
  },
  duplicate_job: {
    meaning: 'a job with this dedup_key is known already, and on_duplicate is reject',
    hint: 'nothing is to be done: the first one counts',
    retryable: false,
  },
  enqueue_failed: {
    meaning: 'the job could not be made durable',
    hint: 'it was not accepted: try again',
    retryable: true,
  },
  publish_failed: {
    meaning: 'the message could not be made durable for all of its subscribers',
    hint: 'none of them gets it: try again',
    retryable: true,
  },
  redrive_failed: {
    meaning: 'dead letters could not be put back',
    hint: 'they are dead letters still: try again',
    retryable: true,
  },
  redrive_message_failed: {
    meaning: 'a dead letter could not be put back',
    hint: 'it is a dead letter still: try again',
    retryable: true,
  },
  discard_message_failed: {
    meaning: 'a dead letter could not be discarded',
    hint: 'it is a dead letter still: try again',
    retryable: true,
  },
  change_failed: {
    meaning: 'a change of jobs or of a queue could not be made durable',
    hint: 'it has had no effect: try again',
    retryable: true,
  },
  invalid_queue_config: {
    meaning: 'the configuration of a queue contradicts itself',
    hint: 'the message names the queue and the field',
    retryable: false,
  },
  invalid_subscriber: {
    meaning: 'a trigger of the type durable:subscriber cannot be bound',
    hint: 'its config takes topic, condition_function_id and queue_config',
    retryable: false,
  },
  invalid_event_trigger: {
    meaning: 'a trigger of the type queue:event cannot be bound',
    hint: 'its config takes queue, and a list of events',
    retryable: false,
  },
  adapter_changed: {
    meaning: 'where jobs are kept cannot be changed while the worker runs',
    hint: 'restart the worker; jobs stay where they were stored',
    retryable: false,
  },
  stopping: {
    meaning: 'the queue worker is stopping',
    hint: 'nothing was accepted: try again when it runs',
    retryable: true,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type QueueErrorCode = keyof typeof queueErrors;

/** The error class of this package; its code and message are what callers see. */
export class QueueError extends HandlerError {
  readonly retryable: boolean;

  constructor(
    override readonly code: QueueErrorCode,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(code, `${detail}: ${queueErrors[code].hint}`);
    if (options?.cause !== undefined) this.cause = options.cause;
    this.retryable = queueErrors[code].retryable;
  }
}

/** Codes of dead letters and of attempts that this worker makes itself. */
export const EXPIRED = 'expired';
export const FUNCTION_MISSING = 'function_not_found';
export const INTERRUPTED = 'invocation_stopped';
