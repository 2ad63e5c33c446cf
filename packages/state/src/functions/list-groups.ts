import { rawFromValue } from 'iii-protocol';
import { refusal } from '../errors.js';
import { STATE_LIMITS } from '../limits.js';
import { Input } from './input.js';
import { schema } from './schemas.js';
import type { StateFunction } from './state-function.js';

/** §1.3: the scopes there are. */
export const listGroupsFunction: StateFunction = {
  id: 'state::list_groups',
  description: 'Lists the scopes that have a value, in the order of their bytes.',
  request: schema('StateListGroupsInput', {}),
  response: schema('StateListGroupsResult', { groups: { type: 'array', items: { type: 'string' } } }, [
    'groups',
  ]),
  failure: 'LIST_GROUPS_ERROR',
  async run({ adapter }, payload) {
    Input.read('state::list_groups', payload);
    const result = rawFromValue({ groups: await adapter.scopes() });
    if (result.length <= STATE_LIMITS.resultBytes) return result;
    throw refusal('RESULT_TOO_LARGE', `state::list_groups: names of ${result.length} bytes`);
  },
};
