import { STATE_LIMITS } from '../limits.js';

/** Pieces of the schemas the functions publish. They are for readers; `Input` is what checks. */
const DRAFT_07 = 'http://json-schema.org/draft-07/schema#';

export const text = (description: string) => ({ type: 'string', description });
export const flag = (description: string) => ({ type: 'boolean', description });
export const anyValue = (description: string) => ({ description });
export const count = (description: string) => ({ type: 'integer', minimum: 0, description });

export function schema(
  title: string,
  properties: Readonly<Record<string, object>>,
  required: readonly string[] = [],
): object {
  return { $schema: DRAFT_07, title, type: 'object', required, properties };
}

export const ADDRESS = {
  scope: text('Name of the scope; any text.'),
  key: text('Key in the scope; any text.'),
};

export const TTL = {
  ttl_ms: {
    type: 'integer',
    minimum: 1,
    maximum: STATE_LIMITS.maxTtlMs,
    description: 'Milliseconds until the value is deleted by itself. Left out: never.',
  },
};

export const WITH_VERSION = { with_version: flag('Also tell the version of the value. Default false.') };

export const RETURN_VALUES = {
  return_values: flag('Whether old and new value are part of the result. Default true.'),
};

export const VERSION = count('Grows with every write; 0 where nothing is kept.');

export const OPERATIONS = {
  type: 'array',
  description: 'Applied in order; one that cannot be applied is skipped and told about.',
  items: {
    type: 'object',
    required: ['type'],
    properties: {
      type: { enum: ['set', 'merge', 'increment', 'decrement', 'append', 'remove'] },
      path: {
        description:
          'Field, "" for the whole value. merge and append also take a list of nested fields. Dots do not separate.',
        anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }, { type: 'null' }],
      },
      value: anyValue('Of set, merge and append.'),
      by: { type: 'integer', description: 'Of increment and decrement.' },
    },
  },
};

export const OPERATION_ERRORS = {
  type: 'array',
  description: 'Operations that were skipped; left out when there are none.',
  items: {
    type: 'object',
    required: ['op_index', 'code', 'message'],
    properties: { op_index: { type: 'integer' }, code: { type: 'string' }, message: { type: 'string' } },
  },
};
