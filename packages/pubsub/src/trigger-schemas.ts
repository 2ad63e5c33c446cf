const DRAFT_07 = 'http://json-schema.org/draft-07/schema#';

/** Schema of the input of `publish` (workers-state-stream-pubsub-cron.md §3.1). */
export const PUBLISH_REQUEST = {
  $schema: DRAFT_07,
  title: 'PublishInput',
  type: 'object',
  required: ['topic', 'data'],
  properties: {
    topic: { type: 'string', minLength: 1, maxLength: 1024, description: 'Where to publish.' },
    data: { description: 'The message: any JSON value. Subscribers are called with it.' },
  },
};

/** Schema of the config of a `subscribe` trigger (§3.2). Other members are allowed, and ignored. */
export const SUBSCRIBE_TRIGGER_CONFIG = {
  $schema: DRAFT_07,
  title: 'SubscribeTriggerConfig',
  type: 'object',
  required: ['topic'],
  properties: {
    topic: {
      type: 'string',
      minLength: 1,
      maxLength: 1024,
      description:
        'Topic to receive. A word * between dots stands for any one word, # for any number of them.',
    },
    condition_function_id: {
      type: ['string', 'null'],
      description: 'Called with the message; the function is only called when its result is truthy.',
    },
  },
};
