import { Type } from '@sinclair/typebox';
import { LIMITS } from 'iii-protocol';

const strict = { additionalProperties: false };
const milliseconds = (fallback: number, description: string) =>
  Type.Integer({ minimum: 0, default: fallback, description });

/** An entry of the list of workers. What else it holds is meant for others and left alone. */
export const WorkerEntry = Type.Object({
  name: Type.String({ minLength: 1 }),
  config: Type.Optional(Type.Unknown()),
  image: Type.Optional(Type.Unknown()),
  worker_path: Type.Optional(Type.String()),
});

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
    limits: Type.Object(
      {
        max_message_bytes: Type.Integer({ minimum: 1024, default: LIMITS.maxMessageBytes }),
        max_outbox_bytes: Type.Integer({ minimum: 1024, default: LIMITS.maxOutboxBytes }),
        max_in_flight: Type.Integer({ minimum: 1, default: LIMITS.maxInFlight }),
      },
      { ...strict, default: {} },
    ),
  },
  strict,
);

/** Configuration of a port for workers (§4.5, protocol.md §12.1). */
export const WorkerManagerConfig = Type.Object(
  {
    host: Type.String({ minLength: 1, default: '127.0.0.1', description: 'address to bind' }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65535,
      default: LIMITS.defaultPort,
      description: 'port to bind',
    }),
    handshake_timeout_ms: Type.Integer({ minimum: 1, default: LIMITS.handshakeTimeoutMs }),
    driver: Type.Optional(
      Type.Union([Type.Literal('auto'), Type.Literal('uws'), Type.Literal('node')], {
        description: 'implementation of the port',
      }),
    ),
  },
  strict,
);
