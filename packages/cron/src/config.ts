import { type Static, Type } from 'iii-protocol/schema';
import { LONGEST_TIMEOUT_MS } from './schedule/read-trigger.js';

const CLOSED = { additionalProperties: false };

const KvConfig = Type.Object(
  {
    lock_ttl_ms: Type.Integer({
      minimum: 1_000,
      maximum: LONGEST_TIMEOUT_MS,
      default: 30_000,
      description: 'Milliseconds after which the lease of a run ends that is not renewed.',
    }),
    lock_index: Type.String({
      pattern: '^[A-Za-z0-9._-]{1,64}$',
      default: 'cron_locks',
      description: 'Name of the store.',
    }),
    store_method: Type.Optional(
      Type.Union([Type.Literal('in_memory'), Type.Literal('file_based')], {
        type: 'string',
        description: 'in_memory forgets with the process. Default: file_based.',
      }),
    ),
    file_path: Type.Optional(
      Type.String({ minLength: 1, description: 'Directory of its own. Default: the data directory.' }),
    ),
    save_interval_ms: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Accepted and ignored: everything is written at once.' }),
    ),
  },
  CLOSED,
);

/** Configuration of the worker (workers-state-stream-pubsub-cron.md §4.6). */
export const CronConfig = Type.Object(
  {
    adapter: Type.Union(
      [
        Type.Object(
          { name: Type.Literal('kv'), config: Type.Union([KvConfig, Type.Null()], { default: null }) },
          { ...CLOSED, title: 'kv' },
        ),
        Type.Null(),
      ],
      { default: null, description: 'Where it is written down which instants were had. Absent: kv.' },
    ),
    durability: Type.Union([Type.Literal('fsync'), Type.Literal('commit'), Type.Literal('memory')], {
      type: 'string',
      default: 'fsync',
      description:
        'Where an instant is written down before it is had: on the disk, in the operating system, in this process.',
    }),
    dow_numbering: Type.Union([Type.Literal('quartz'), Type.Literal('unix')], {
      type: 'string',
      default: 'quartz',
      description: 'Numbers of days of the week: quartz has 1 as Sunday, unix has 0 and 7, and 1 as Monday.',
    }),
    default_timeout: Type.Integer({
      minimum: 1,
      maximum: LONGEST_TIMEOUT_MS,
      default: 86_400_000,
      description:
        'Milliseconds a function may take, unless its trigger says timeout_ms; then it is told to stop.',
    }),
    late_tolerance: Type.Integer({
      minimum: 0,
      maximum: 3_600_000,
      default: 5_000,
      description: 'Milliseconds an occurrence may be late and still be had; later ones are missed.',
    }),
  },
  {
    ...CLOSED,
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'CronConfig',
  },
);

export type CronConfig = Static<typeof CronConfig>;
export type KvConfig = Static<typeof KvConfig>;
