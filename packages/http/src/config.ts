import { LIMITS } from 'iii-protocol';
import { type Static, Type } from 'iii-protocol/schema';

const CLOSED = { additionalProperties: false };

const CorsConfig = Type.Object(
  {
    allowed_origins: Type.Array(Type.String(), {
      default: [],
      description:
        'Origins that may read answers, compared byte by byte. Empty, or with "*" among them: all.',
    }),
    allowed_methods: Type.Array(Type.String(), {
      default: [],
      description: 'Methods a preflight allows, as written. Empty: all.',
    }),
  },
  CLOSED,
);

const MiddlewareConfig = Type.Object(
  {
    function_id: Type.String({ minLength: 1, description: 'Function to call before the handler.' }),
    phase: Type.Literal('preHandler', { default: 'preHandler', description: 'When it is called.' }),
    priority: Type.Integer({ default: 0, description: 'Lower ones are called first.' }),
  },
  CLOSED,
);

/** Configuration of the worker (spec/worker-http.md §11). */
export const HttpConfig = Type.Object(
  {
    port: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 3111,
      description: 'Port to serve on; 0 takes a free one.',
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
    default_timeout: Type.Integer({
      minimum: 1,
      maximum: 2_147_483_647,
      default: 30_000,
      description: 'Milliseconds a request may take until its answer starts.',
    }),
    stream_grace: Type.Integer({
      minimum: 0,
      maximum: 2_147_483_647,
      default: 1_000,
      description:
        'Milliseconds a handler that returned nothing has to begin its response on the channel; then 200 {}.',
    }),
    cors: Type.Union([CorsConfig, Type.Null()], {
      default: null,
      description: 'Who may read answers from another origin. Absent: anyone.',
    }),
    concurrency_request_limit: Type.Integer({
      minimum: 1,
      default: 1024,
      description: 'Requests served at a time; others wait, within their timeout.',
    }),
    body_limit: Type.Integer({
      minimum: 1,
      maximum: LIMITS.maxMessageBytes,
      default: 16_777_216,
      description: 'Bytes of a JSON body; a larger one is answered with 413.',
    }),
    request_id_header: Type.Union(
      [
        Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$", title: 'the name of a header' }),
        Type.Null(),
      ],
      {
        default: null,
        description:
          'Header with the id of a request, such as x-request-id: taken over or made, and in every answer. Absent: none.',
      },
    ),
    security_headers: Type.Boolean({
      default: false,
      description:
        'Whether answers forbid browsers to guess types, to frame pages elsewhere, and to tell where links were.',
    }),
    middleware: Type.Array(MiddlewareConfig, {
      default: [],
      description: 'Functions called before the handler of every route.',
    }),
  },
  {
    ...CLOSED,
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'HttpConfig',
  },
);

export type HttpConfig = Static<typeof HttpConfig>;
export type CorsConfig = Static<typeof CorsConfig>;
