import { RAW_NULL, type RawJson, rawFromText, rawFromValue } from 'iii-protocol';
import type { Change } from '../changes.js';
import { rawObject } from '../raw-build.js';

const STATE = rawFromValue('state');
const TRUE = rawFromText('true');
const TYPES = {
  created: rawFromValue('state:created'),
  updated: rawFromValue('state:updated'),
  deleted: rawFromValue('state:deleted'),
};

/** What handlers and conditions are called with (§1.6). `expired` is there only for what has gone because of its age. */
export function eventPayload({ scope, key, before, after, expired }: Change): RawJson {
  const type = after === undefined ? 'deleted' : before === undefined ? 'created' : 'updated';
  return rawObject({
    type: STATE,
    event_type: TYPES[type],
    scope: rawFromValue(scope),
    key: rawFromValue(key),
    old_value: before ?? RAW_NULL,
    new_value: after ?? RAW_NULL,
    expired: expired ? TRUE : undefined,
  });
}

const anyJson = true;

/** Schema of what handlers are called with. */
export const STATE_CALL_REQUEST = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'StateCallRequest',
  type: 'object',
  required: ['type', 'event_type', 'scope', 'key', 'old_value', 'new_value'],
  properties: {
    type: { const: 'state' },
    event_type: { enum: ['state:created', 'state:updated', 'state:deleted'] },
    scope: { type: 'string' },
    key: { type: 'string' },
    old_value: anyJson,
    new_value: anyJson,
    expired: { const: true, description: 'There when the value was deleted because its time was over.' },
  },
};
