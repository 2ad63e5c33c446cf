import { Input } from './input.js';
import { readWanted, writeResult } from './results.js';
import { ADDRESS, anyValue, RETURN_VALUES, schema, TTL, VERSION, WITH_VERSION } from './schemas.js';
import type { StateFunction } from './state-function.js';
import { requireValueFits } from './value-size.js';

/** §1.2: stores a value, whatever was there. */
export const setFunction: StateFunction = {
  id: 'state::set',
  description: 'Stores a value.',
  request: schema(
    'StateSetInput',
    {
      ...ADDRESS,
      value: anyValue('Any JSON value; data is another name for it.'),
      ...TTL,
      ...RETURN_VALUES,
      ...WITH_VERSION,
    },
    ['scope', 'key', 'value'],
  ),
  response: schema('StateSetResult', {
    old_value: anyValue('What was there; null when nothing was.'),
    new_value: anyValue('What is there now.'),
    version: VERSION,
  }),
  failure: 'SET_ERROR',
  async run(room, payload) {
    const input = Input.read('state::set', payload);
    const { address, value } = input;
    const [expiresAt, wanted] = [input.expiry(room.now()), readWanted(input)];
    requireValueFits(value, room.maxValueBytes());
    return room.changes.make([address], (draft) => {
      const before = draft.read(address);
      return writeResult(wanted, before, draft.write(address, value, expiresAt));
    });
  },
};
