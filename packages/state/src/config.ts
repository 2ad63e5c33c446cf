import { type Static, Type } from 'iii-protocol/schema';

const CLOSED = { additionalProperties: false };
const MIB = 1024 * 1024;

const KvConfig = Type.Object(
  {
    store_method: Type.Union([Type.Literal('file_based'), Type.Literal('in_memory')], {
      type: 'string',
      default: 'file_based',
      description: 'file_based: on disk. in_memory: gone when the process ends.',
    }),
    file_path: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Directory for file_based, from where the process was started. Default: the data directory.',
      }),
    ),
    save_interval_ms: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'Accepted and not needed: every write is saved before it is answered.',
      }),
    ),
  },
  CLOSED,
);

const Adapter = Type.Object(
  {
    name: Type.Literal('kv', { type: 'string', default: 'kv', description: 'The storage: kv.' }),
    config: Type.Optional(KvConfig),
  },
  { ...CLOSED, description: 'Where values are kept. Default: on disk, in the data directory.' },
);

/** Configuration of the worker (§1.7). */
export const StateConfig = Type.Object(
  {
    adapter: Type.Optional(Adapter),
    triggers_enabled: Type.Boolean({ default: true, description: 'Whether state triggers are called.' }),
    max_value_bytes: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Bytes of the JSON text of one value. Default: as many as fit into a message.',
      }),
    ),
    save_interval_ms: Type.Optional(
      Type.Integer({
        minimum: 100,
        maximum: 3_600_000,
        description: 'Accepted and not needed: every write is saved before it is answered.',
      }),
    ),
    durability: Type.Union([Type.Literal('fsync'), Type.Literal('commit'), Type.Literal('memory')], {
      type: 'string',
      default: 'fsync',
      description: 'What an answer to a write means: fsync, commit or memory; see iii-storage.',
    }),
    max_bytes: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Bytes of everything kept. Default: what the disk holds.' }),
    ),
    trigger_timeout_ms: Type.Integer({
      minimum: 1,
      maximum: 2_147_483_647,
      default: 30_000,
      description: 'Milliseconds a handler has before the next event of the same key goes on without it.',
    }),
    trigger_concurrency: Type.Integer({
      minimum: 1,
      maximum: 5_000,
      default: 256,
      description: 'Handlers called at a time; those of one key and trigger are called one after the other.',
    }),
    trigger_queue_bytes: Type.Integer({
      minimum: 1,
      default: 64 * MIB,
      description: 'Bytes of events that may wait for handlers; further ones are lost, which is logged.',
    }),
  },
  { ...CLOSED, $schema: 'http://json-schema.org/draft-07/schema#', title: 'StateConfig' },
);

export type StateConfig = Static<typeof StateConfig>;
