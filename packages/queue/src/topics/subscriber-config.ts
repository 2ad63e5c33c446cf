import { type Static, Type, Value } from 'iii-protocol/schema';
import { DEFAULT_QUEUE_SETTINGS } from '../config.js';
import { type LineSettings, lineSettings } from '../dispatch/settings.js';
import { QueueError } from '../errors.js';

const U32 = 4_294_967_295;
const Count = Type.Integer({ minimum: 0, maximum: U32 });
const Priority = Type.Integer({ minimum: 1, maximum: 255 });

const SubscriberQueueConfig = Type.Object({
  type: Type.Optional(
    Type.Union([Type.Literal('concurrent'), Type.Literal('standard'), Type.Literal('fifo')], {
      description: 'fifo keeps the order of publication.',
    }),
  ),
  concurrency: Type.Optional(Count),
  maxRetries: Type.Optional(Count),
  max_retries: Type.Optional(Count),
  backoffDelayMs: Type.Optional(Count),
  backoff_delay_ms: Type.Optional(Count),
  backoff_ms: Type.Optional(Count),
  maxPriority: Type.Optional(Priority),
  max_priority: Type.Optional(Priority),
  messageGroupField: Type.Optional(Type.String({ minLength: 1 })),
  message_group_field: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Member of the data that names the group; groups run in parallel.',
    }),
  ),
});

/** Config of a `durable:subscriber` trigger (spec/worker-queue.md §6.2). Other members are allowed, and ignored. */
export const SubscriberConfig = Type.Object(
  {
    topic: Type.Optional(Type.String({ minLength: 1, description: 'Topic to receive.' })),
    queue: Type.Optional(Type.String({ minLength: 1, description: 'Another name for topic.' })),
    condition_function_id: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Called first; the message is done unless its result is truthy.',
      }),
    ),
    queue_config: Type.Optional(SubscriberQueueConfig),
    max_retries: Type.Optional(Count),
    maxRetries: Type.Optional(Count),
    backoff_ms: Type.Optional(Count),
    backoffDelayMs: Type.Optional(Count),
  },
  { $schema: 'http://json-schema.org/draft-07/schema#', title: 'DurableSubscriberConfig' },
);

/** What a subscriber asks for. */
export interface Subscription {
  readonly topic: string;
  readonly isFifo: boolean;
  readonly groupField: string | undefined;
  readonly settings: LineSettings;
}

/** Attempts for a message whose subscriber says nothing about it: three, unlike those of named queues (§7.1). */
const DEFAULT_RETRIES = 2;

/** @throws QueueError invalid_subscriber, saying which member is wrong. */
export function readSubscription(
  config: unknown,
  metadata: Readonly<Record<string, unknown>> | undefined,
): Subscription {
  const given = check(config);
  const { topic = given.queue, queue = given.topic } = given;
  if (topic === undefined) {
    throw new QueueError('invalid_subscriber', 'topic is required for a durable:subscriber trigger');
  }
  if (topic !== queue) {
    throw new QueueError('invalid_subscriber', `topic "${topic}" and queue "${queue}" name two topics`);
  }
  const own = given.queue_config ?? {};
  const isFifo = own.type === 'fifo';
  const concurrency = own.concurrency ?? 10;
  const groupField = own.message_group_field ?? own.messageGroupField;
  const retries = given.max_retries ?? given.maxRetries ?? own.max_retries ?? own.maxRetries;
  const backoff =
    given.backoff_ms ?? given.backoffDelayMs ?? own.backoff_ms ?? own.backoff_delay_ms ?? own.backoffDelayMs;
  return {
    topic,
    isFifo,
    groupField,
    settings: {
      ...lineSettings(DEFAULT_QUEUE_SETTINGS, false),
      isFifo,
      // 0 pauses a concurrent subscriber; one that keeps the order runs one at a time at least (§6.2).
      concurrency: isFifo ? Math.max(1, concurrency) : concurrency,
      maxRetries: retries ?? DEFAULT_RETRIES,
      backoffMs: backoff ?? DEFAULT_QUEUE_SETTINGS.backoff_ms,
      condition: given.condition_function_id,
      metadata,
    },
  };
}

function check(config: unknown): Static<typeof SubscriberConfig> {
  if (Value.Check(SubscriberConfig, config)) return config;
  const [first] = Value.Errors(SubscriberConfig, config);
  const where = first?.path.slice(1).replaceAll('/', '.') || 'config';
  const what = `${where}: ${first?.message ?? 'not an object'}, not ${JSON.stringify(first?.value) ?? 'undefined'}`;
  throw new QueueError('invalid_subscriber', `invalid durable:subscriber config: ${what}`);
}
