const DRAFT_07 = 'http://json-schema.org/draft-07/schema#';

const channelRef = (direction: 'read' | 'write') => ({
  type: 'object',
  required: ['channel_id', 'access_key', 'direction'],
  properties: {
    channel_id: { type: 'string' },
    access_key: { type: 'string' },
    direction: { const: direction },
  },
});

const fields = { type: 'object', additionalProperties: { type: 'string' } };

/** Schema of the config of an `http` trigger (spec/worker-http.md §2.2). Other members are allowed, and ignored. */
export const HTTP_TRIGGER_CONFIG = {
  $schema: DRAFT_07,
  title: 'HttpTriggerConfig',
  type: 'object',
  required: ['api_path'],
  properties: {
    api_path: {
      type: 'string',
      description:
        'Path to serve. Segments are literal text, :name or {name}, and {*name} for the rest of a path.',
    },
    http_method: {
      default: 'GET',
      description: 'Method to serve.',
      anyOf: [{ $ref: '#/definitions/HttpMethod' }, { type: 'null' }],
    },
    condition_function_id: {
      type: ['string', 'null'],
      description: 'Called with the request; the handler is only called when its result is truthy, else 422.',
    },
    middleware_function_ids: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'Called in this order before the handler; each may answer instead of it.',
    },
  },
  definitions: {
    HttpMethod: { type: 'string', enum: ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'] },
  },
};

/** Schema of what handlers are called with (§6.1). */
export const HTTP_CALL_REQUEST = {
  $schema: DRAFT_07,
  title: 'HttpCallRequest',
  type: 'object',
  required: ['body', 'headers', 'method', 'path', 'path_params', 'query_params'],
  properties: {
    query_params: { ...fields, description: 'Decoded; of a repeated key the last value.' },
    path_params: { ...fields, description: 'What the parameters of the path stand for, not decoded.' },
    headers: { ...fields, description: 'Names in lower case; of a repeated header the last value.' },
    path: { type: 'string', description: 'The path of the route as registered.' },
    method: { type: 'string', description: 'Method of the request.' },
    body: { description: 'The parsed body where it is JSON, else null.' },
    trigger: {
      type: 'object',
      description: 'What caused the call.',
      required: ['type', 'path', 'method'],
      properties: { type: { const: 'http' }, path: { type: 'string' }, method: { type: 'string' } },
    },
    context: { type: 'object', description: 'What middleware handed on, when it did.' },
    request_body: {
      ...channelRef('read'),
      description: 'Channel with the bytes of the body as they arrive.',
    },
    response: {
      ...channelRef('write'),
      description: 'Channel for a response in pieces; see the README of iii-http for its messages.',
    },
  },
};
