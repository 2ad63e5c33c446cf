import { type Static, Type } from 'iii-protocol/schema';

const CLOSED = { additionalProperties: false };
const MIB = 1024 * 1024;
/** Bytes of one message from a socket, whatever the configuration says. */
export const LARGEST_MESSAGE = MIB;

const milliseconds = (initial: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 3_600_000, default: initial, description });
const count = (initial: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1, default: initial, description });

const Limits = Type.Object(
  {
    max_sockets: count(10_000, 'Sockets open at a time; further ones are answered with 503.'),
    max_subscriptions: count(1_000, 'Subscriptions of one socket; a further one closes it with 1008.'),
    max_message_bytes: Type.Integer({
      minimum: 256,
      maximum: LARGEST_MESSAGE,
      default: 64 * 1024,
      description: 'Bytes of one message from a socket; a larger one closes it with 1009.',
    }),
    messages_per_second: count(
      100,
      'Messages a socket may keep sending; as many as max_subscriptions more at once. Beyond it: 1008.',
    ),
    max_buffered_bytes: count(
      MIB,
      'Bytes that may wait for one socket. Beyond it events are left out, and it is sent a sync once it has caught up.',
    ),
    max_total_buffered_bytes: count(
      256 * MIB,
      'The same for all sockets together; beyond it the socket with most is dropped.',
    ),
    stall_timeout: milliseconds(
      30_000,
      'Milliseconds a socket may stay beyond max_buffered_bytes; then 1013.',
    ),
    ping_interval: milliseconds(
      30_000,
      'Milliseconds between pings; a socket that was silent for two is cut.',
    ),
    auth_timeout: milliseconds(5_000, 'Milliseconds auth_function may take.'),
    join_timeout: milliseconds(5_000, 'Milliseconds each function bound to stream:join may take.'),
  },
  { ...CLOSED, default: {}, description: 'What a socket may do, and what it may cost.' },
);

const KvConfig = Type.Object(
  {
    store_method: Type.Union([Type.Literal('in_memory'), Type.Literal('file_based')], {
      type: 'string',
      default: 'file_based',
      description: 'in_memory: gone with the process. file_based: on disk.',
    }),
    file_path: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'Directory of its own for file_based. Default: the data directory.',
      }),
    ),
    channel_size: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MIB, description: 'Accepted for compatibility, without effect.' }),
    ),
    save_interval_ms: Type.Optional(
      Type.Integer({
        minimum: 100,
        maximum: 3_600_000,
        description: 'Accepted for compatibility, without effect: what is acknowledged is stored.',
      }),
    ),
  },
  { ...CLOSED, default: {} },
);

const Adapter = Type.Object(
  {
    name: Type.Literal('kv', { type: 'string', default: 'kv', description: 'Where streams are kept: kv.' }),
    config: KvConfig,
  },
  { ...CLOSED, default: {}, description: 'Where streams are kept. Default: kv, in the data directory.' },
);

/** Configuration of the worker (spec §2.7). */
export const StreamConfig = Type.Object(
  {
    port: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 3112,
      description: 'Port to serve sockets on; 0 takes a free one.',
    }),
    host: Type.String({
      minLength: 1,
      default: '127.0.0.1',
      description: 'Name or address to bind; 0.0.0.0 or :: for all of them.',
    }),
    driver: Type.Union([Type.Literal('auto'), Type.Literal('uws'), Type.Literal('node')], {
      type: 'string',
      default: 'auto',
      description: 'Implementation behind the port: auto, uws or node.',
    }),
    auth_function: Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
      default: null,
      description:
        'Called before a socket is accepted; what it returns as context goes to stream:join and stream:leave.',
    }),
    fail_open: Type.Boolean({
      default: false,
      description:
        'Whether a failing auth_function lets sockets in, and a failing stream:join lets them join.',
    }),
    allowed_origins: Type.Array(Type.String(), {
      default: [],
      description: 'Origins of pages that may connect, compared byte by byte. Empty: all.',
    }),
    adapter: Adapter,
    durability: Type.Union([Type.Literal('fsync'), Type.Literal('commit'), Type.Literal('memory')], {
      type: 'string',
      default: 'fsync',
      description: 'When a write is answered: fsync, once the disk has it; commit; memory.',
    }),
    max_bytes: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Bytes of names and items that may be stored.' }),
    ),
    limits: Limits,
  },
  {
    ...CLOSED,
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'StreamConfig',
  },
);

export type StreamConfig = Static<typeof StreamConfig>;

/** The configuration that counts now. */
export interface Settings {
  readonly config: StreamConfig;
}
