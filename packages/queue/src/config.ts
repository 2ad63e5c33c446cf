import { type Static, Type, Value } from 'iii-protocol/schema';
import { QueueError } from './errors.js';

const CLOSED = { additionalProperties: false };
const DAY_MS = 86_400_000;
const U32 = 4_294_967_295;

const RateLimit = Type.Object(
  {
    max: Type.Integer({ minimum: 1, description: 'Attempts that may start within per_ms.' }),
    per_ms: Type.Integer({ minimum: 1, description: 'Milliseconds.' }),
  },
  CLOSED,
);

/** Settings of one named queue (spec/worker-queue.md §4, §17.3). */
export const FunctionQueueConfig = Type.Object(
  {
    type: Type.Union([Type.Literal('standard'), Type.Literal('fifo')], {
      default: 'standard',
      description: 'fifo keeps the order of each group.',
    }),
    max_retries: Type.Integer({
      minimum: 0,
      maximum: U32,
      default: 3,
      description: 'Retries after the first attempt.',
    }),
    concurrency: Type.Integer({
      minimum: 1,
      maximum: U32,
      default: 10,
      description: 'Jobs at work at a time; for fifo, groups.',
    }),
    message_group_field: Type.Optional(
      Type.String({ description: 'Member of the data that names the group; fifo needs it.' }),
    ),
    backoff_ms: Type.Integer({
      minimum: 0,
      default: 1_000,
      description: 'Milliseconds before the first retry; doubled for each further one.',
    }),
    max_backoff_ms: Type.Integer({
      minimum: 0,
      maximum: DAY_MS,
      default: 3_600_000,
      description: 'Longest pause before a retry.',
    }),
    jitter: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0,
      description: 'Part of a pause that is random.',
    }),
    poll_interval_ms: Type.Integer({
      minimum: 1,
      default: 100,
      description: 'Accepted, without effect: nothing is polled.',
    }),
    max_priority: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 255, description: 'Priorities beyond it count as it.' }),
    ),
    priority_field: Type.Optional(
      Type.String({ description: 'Member of the data with the priority; higher goes first.' }),
    ),
    timeout_ms: Type.Integer({
      minimum: 1,
      default: 1_800_000,
      description: 'Milliseconds an attempt may take.',
    }),
    redeliver_on_engine_restart: Type.Boolean({
      default: false,
      description: 'Accepted, without effect: what a lost engine was doing is always delivered again.',
    }),
    concurrency_key: Type.Optional(
      Type.String({ description: 'Member of the data whose equal values share concurrency_per_key.' }),
    ),
    concurrency_per_key: Type.Integer({ minimum: 1, default: 1, description: 'Jobs at work for one key.' }),
    rate_limit: Type.Optional(RateLimit),
    max_length: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Jobs waiting, delayed and at work; more are refused.' }),
    ),
    max_payload_bytes: Type.Integer({
      minimum: 1,
      default: 8 * 1024 * 1024,
      description: 'Bytes of the data of one job.',
    }),
    dlq_max_messages: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Dead letters kept; the oldest go first.' }),
    ),
    dlq_ttl_ms: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Milliseconds dead letters are kept.' }),
    ),
    max_disconnect_redeliveries: Type.Integer({
      minimum: 0,
      default: 3,
      description: 'Attempts lost with their worker that do not count as failed.',
    }),
    missing_function_ttl_ms: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Milliseconds a job waits for its function. Default: for ever.',
      }),
    ),
    paused: Type.Boolean({ default: false, description: 'Whether no job is started.' }),
  },
  // A record has the defaults of its values filled in only where they have one themselves.
  { ...CLOSED, default: {} },
);
export type FunctionQueueConfig = Static<typeof FunctionQueueConfig>;

const BuiltinAdapterConfig = Type.Object(
  {
    store_method: Type.Union([Type.Literal('file_based'), Type.Literal('in_memory')], {
      default: 'file_based',
      description: 'Whether jobs outlive the process.',
    }),
    file_path: Type.Optional(
      Type.String({ minLength: 1, description: 'Directory of its own. Default: the data directory.' }),
    ),
    save_interval_ms: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Accepted, without effect: writes are not deferred.' }),
    ),
  },
  CLOSED,
);

const Adapter = Type.Object(
  {
    name: Type.Union([Type.Literal('builtin'), Type.Literal('file_based'), Type.Literal('in_memory')], {
      description: 'The store of this worker; the other two names say its store_method.',
    }),
    config: Type.Optional(BuiltinAdapterConfig),
  },
  CLOSED,
);

/** Configuration of the worker (spec/worker-queue.md §4, §13). */
export const QueueConfig = Type.Object(
  {
    adapter: Type.Optional(Adapter),
    queue_configs: Type.Record(Type.String(), FunctionQueueConfig, {
      default: {},
      description: 'Queues by name. There is always one called default.',
    }),
    durability: Type.Union([Type.Literal('fsync'), Type.Literal('commit'), Type.Literal('memory')], {
      type: 'string',
      default: 'fsync',
      description: 'What an accepted job has reached: fsync (the disk), commit (the system), memory.',
    }),
    max_bytes: Type.Optional(Type.Integer({ minimum: 1, description: 'Bytes all jobs may take.' })),
    destination_ttl_ms: Type.Integer({
      minimum: 1,
      default: 7 * DAY_MS,
      description: 'Milliseconds a subscriber without registration goes on receiving.',
    }),
    topic_backlog_max: Type.Integer({
      minimum: 0,
      default: 10_000,
      description: 'Messages kept of a topic that never had a subscriber.',
    }),
    topic_backlog_ttl_ms: Type.Integer({
      minimum: 1,
      default: DAY_MS,
      description: 'Milliseconds such messages are kept.',
    }),
    shutdown_grace_ms: Type.Integer({
      minimum: 0,
      default: 10_000,
      description: 'Milliseconds attempts may go on when the worker stops.',
    }),
  },
  { ...CLOSED, $schema: 'http://json-schema.org/draft-07/schema#', title: 'QueueConfig' },
);
export type QueueConfig = Static<typeof QueueConfig>;

/** The name of the queue that is always there (§2.7). */
export const DEFAULT_QUEUE = 'default';

/**
 * What a schema cannot say about queues (§4).
 *
 * @throws QueueError invalid_queue_config, naming the queue and the field.
 */
export function checkQueue(name: string, config: FunctionQueueConfig): void {
  const refuse = (what: string): never => {
    throw new QueueError('invalid_queue_config', `queue "${name}": ${what}`);
  };
  if (name.trim() === '' || name.trim() !== name) refuse('a name is not blank and has no space around it');
  for (const field of ['message_group_field', 'priority_field', 'concurrency_key'] as const) {
    if (config[field]?.trim() === '') refuse(`${field} is blank`);
  }
  if (config.type === 'fifo' && config.message_group_field === undefined) {
    refuse('type fifo needs message_group_field');
  }
}

/** A queue with nothing configured. */
export const DEFAULT_QUEUE_SETTINGS: FunctionQueueConfig = Value.Default(
  FunctionQueueConfig,
  {},
) as FunctionQueueConfig;
