import { type Static, Type } from 'iii-protocol/schema';

const CLOSED = { additionalProperties: false };
/** The longest a timer can be. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

/** Configuration of the worker (workers-state-stream-pubsub-cron.md §3.5). */
export const PubsubConfig = Type.Object(
  {
    adapter: Type.Union(
      [
        Type.Object(
          {
            name: Type.Literal('local', { description: 'Between the workers of this engine.' }),
            config: Type.Optional(Type.Union([Type.Object({}, CLOSED), Type.Null()])),
          },
          { ...CLOSED, title: 'local' },
        ),
        Type.Null(),
      ],
      {
        default: null,
        description: 'What carries messages between engines. Absent: local, which is nothing.',
      },
    ),
    delivery_timeout: Type.Integer({
      minimum: 1,
      maximum: LONGEST_TIMEOUT_MS,
      default: 30_000,
      description: 'Milliseconds a subscriber may take over a message; then it is told to stop.',
    }),
    max_in_flight: Type.Integer({
      minimum: 1,
      default: 64,
      description:
        'Messages a subscriber may be at work on at a time. 1 finishes each before the next begins.',
    }),
    max_subscriber_bytes: Type.Integer({
      minimum: 1,
      default: 4_194_304,
      description: 'Bytes that may wait for one subscriber; what comes beyond them is dropped for it alone.',
    }),
    max_bytes: Type.Integer({
      minimum: 1,
      default: 134_217_728,
      description: 'Bytes that may wait for all subscribers together, each message counted once.',
    }),
  },
  {
    ...CLOSED,
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'PubsubConfig',
  },
);

export type PubsubConfig = Static<typeof PubsubConfig>;
