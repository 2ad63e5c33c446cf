import { LIMITS } from 'iii-protocol';
import { type Static, Type } from 'iii-protocol/schema';
import { byteSize } from './byte-size.js';

const strict = { additionalProperties: false };
const port = { minimum: 0, maximum: 65_535 };
/** The longest a timer can be. */
const LONGEST_MS = 2 ** 31 - 1;
/** The largest message a port can take: lengths in uWebSockets.js have 31 bits. */
const LARGEST_MESSAGE = 2 ** 30;

const milliseconds = (fallback: number, description: string, minimum = 0) =>
  Type.Integer({ minimum, maximum: LONGEST_MS, default: fallback, description });
const count = (fallback: number, description: string) =>
  Type.Integer({ minimum: 1, default: fallback, description });

/** An entry of the list of workers. What else it holds is meant for others and left alone. */
export const WorkerEntry = Type.Object({
  name: Type.String({ minLength: 1 }),
  config: Type.Optional(Type.Unknown()),
  image: Type.Optional(Type.Unknown()),
  worker_path: Type.Optional(Type.String()),
});

/** Where people and machines ask whether the engine is well. */
const HealthConfig = Type.Object(
  {
    host: Type.String({ minLength: 1, default: '127.0.0.1', description: 'address to bind' }),
    port: Type.Integer({ ...port, description: 'port to bind' }),
  },
  strict,
);

/** The root of `config.yaml` (cli-config-observability.md §4.1), and what this engine adds to it. */
export const RootConfig = Type.Object(
  {
    workers: Type.Array(WorkerEntry, { default: [] }),
    /** Older name of `workers`; its entries come after those. */
    modules: Type.Array(WorkerEntry, { default: [] }),
    registration_namespace_grace_ms: milliseconds(
      LIMITS.registrationGraceMs,
      'time a worker has to announce itself',
    ),
    shutdown_grace_ms: milliseconds(5_000, 'time calls in flight have to finish at shutdown'),
    liveness_ms: milliseconds(LIMITS.livenessMs, 'silence after which a connection is given up', 1_000),
    routing: Type.Object(
      {
        replicas: Type.Union([Type.Literal('shared'), Type.Literal('exclusive'), Type.Literal('latest')], {
          default: 'shared',
          description: 'what several workers that offer one function mean',
        }),
      },
      { ...strict, default: {} },
    ),
    limits: Type.Object(
      {
        max_message_bytes: byteSize({
          minimum: 1024,
          maximum: LARGEST_MESSAGE,
          default: LIMITS.maxMessageBytes,
          description: 'one message',
        }),
        max_outbox_bytes: byteSize({
          minimum: 1024,
          default: LIMITS.maxOutboxBytes,
          description: 'waiting for one worker that does not read',
        }),
        max_total_outbox_bytes: byteSize({
          minimum: 1024,
          default: LIMITS.maxTotalOutboxBytes,
          description: 'waiting for all workers together',
        }),
        max_in_flight: count(LIMITS.maxInFlight, 'calls one worker may wait for'),
        max_functions_per_connection: count(LIMITS.maxFunctionsPerConnection, 'functions of one worker'),
        max_trigger_types_per_connection: count(
          LIMITS.maxTriggerTypesPerConnection,
          'trigger types of one worker',
        ),
        max_bindings_per_connection: count(LIMITS.maxBindingsPerConnection, 'triggers of one worker'),
        max_unannounced_frames_per_second: count(
          LIMITS.maxUnannouncedFramesPerSecond,
          'frames of a connection that has not said who it is',
        ),
      },
      { ...strict, default: {} },
    ),
    channel: Type.Object(
      {
        spool_limit: Type.Optional(
          byteSize({ minimum: 0, description: 'bytes of all channels that may wait on disk' }),
        ),
        attach_timeout_ms: Type.Optional(
          Type.Integer({ minimum: 1, description: 'time both ends of a new channel have to be attached' }),
        ),
        spool_directory: Type.Optional(
          Type.String({ minLength: 1, description: 'directory for what waits on disk' }),
        ),
      },
      { ...strict, default: {} },
    ),
    data_dir: Type.String({
      minLength: 1,
      default: './data',
      description: 'where workers keep their data, from where this file is',
    }),
    health: Type.Optional(HealthConfig),
  },
  strict,
);

export type RootConfig = Static<typeof RootConfig>;
export type HealthConfig = Static<typeof HealthConfig>;

/** Configuration of a port for workers (§4.5, protocol.md §12.1). */
export const WorkerManagerConfig = Type.Object(
  {
    host: Type.String({ minLength: 1, default: '127.0.0.1', description: 'address to bind' }),
    port: Type.Integer({ ...port, default: LIMITS.defaultPort, description: 'port to bind' }),
    handshake_timeout_ms: milliseconds(LIMITS.handshakeTimeoutMs, 'time to deliver request headers', 1),
    driver: Type.Optional(
      Type.Union([Type.Literal('auto'), Type.Literal('uws'), Type.Literal('node')], {
        description: 'implementation of the port',
      }),
    ),
  },
  strict,
);
