const DRAFT_07 = 'http://json-schema.org/draft-07/schema#';
const text = { type: 'string' };
const textOrNull = { type: ['string', 'null'] };
const data = { description: 'Anything.' };

/** What functions bound to `stream` are called with (spec §2.2). */
export const ITEM_CALL = {
  $schema: DRAFT_07,
  title: 'StreamEvent',
  type: 'object',
  required: ['type', 'timestamp', 'streamName', 'groupId', 'id', 'event'],
  properties: {
    type: { const: 'stream' },
    timestamp: { type: 'integer', description: 'Milliseconds since the Unix epoch.' },
    streamName: text,
    groupId: text,
    id: { ...textOrNull, description: 'The item; null for what was sent to the group.' },
    event: {
      oneOf: [
        {
          type: 'object',
          required: ['type', 'data'],
          properties: { type: { enum: ['create', 'update', 'delete'] }, data },
        },
        {
          type: 'object',
          description: 'What stream::send sent.',
          required: ['type', 'event'],
          properties: {
            type: { const: 'event' },
            event: { type: 'object', required: ['type', 'data'], properties: { type: text, data } },
          },
        },
      ],
    },
  },
};

/** What functions bound to `stream:join` and `stream:leave` are called with (§2.4). */
export const ATTENDANCE_CALL = {
  $schema: DRAFT_07,
  title: 'StreamJoinLeaveEvent',
  type: 'object',
  required: ['subscription_id', 'stream_name', 'group_id', 'id', 'context'],
  properties: {
    subscription_id: { ...text, description: 'As the socket named its subscription.' },
    stream_name: text,
    group_id: text,
    id: { ...textOrNull, description: 'The item; null for the whole group.' },
    context: { description: 'What the auth function returned; null if nothing.' },
  },
};
