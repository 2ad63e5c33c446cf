import { RAW_NULL, rawFromValue } from 'iii-protocol';
import { rawObject } from '../raw-build.js';
import { Input } from './input.js';
import { ADDRESS, anyValue, flag, schema, TTL, VERSION } from './schemas.js';
import type { StateFunction } from './state-function.js';
import { requireValueFits } from './value-size.js';

/** An addition: stores a value if the one that is there is the one the caller has seen. */
export const compareAndSetFunction: StateFunction = {
  id: 'state::compare_and_set',
  description: 'Stores a value if the version of what is there is the one given.',
  request: schema(
    'StateCompareAndSetInput',
    {
      ...ADDRESS,
      version: { ...VERSION, description: 'The version that must be there; 0 when nothing must be.' },
      value: anyValue('Any JSON value.'),
      ...TTL,
    },
    ['scope', 'key', 'version', 'value'],
  ),
  response: schema('StateCompareAndSetResult', {
    swapped: flag('Whether the value was stored.'),
    version: VERSION,
    value: anyValue('What is there now, whichever it is; null when nothing is.'),
  }),
  failure: 'SET_ERROR',
  async run(room, payload) {
    const input = Input.read('state::compare_and_set', payload);
    const { address, value } = input;
    const version = input.integer('version', 0, Number.MAX_SAFE_INTEGER);
    const expiresAt = input.expiry(room.now());
    requireValueFits(value, room.maxValueBytes());
    return room.changes.make([address], (draft) => {
      const before = draft.read(address);
      const swapped = (before?.version ?? 0) === version;
      const entry = swapped ? draft.write(address, value, expiresAt) : before;
      return rawObject({
        swapped: rawFromValue(swapped),
        version: rawFromValue(entry?.version ?? 0),
        value: entry?.value ?? RAW_NULL,
      });
    });
  },
};
