import { Input } from './input.js';
import { ADDRESS, schema } from './schemas.js';
import type { StateFunction } from './state-function.js';

/** §1.4: removes a value, in one step with telling which. */
export const deleteFunction: StateFunction = {
  id: 'state::delete',
  description: 'Deletes a value, and tells which.',
  request: schema('StateDeleteInput', ADDRESS, ['scope', 'key']),
  failure: 'DELETE_ERROR',
  async run({ changes }, payload) {
    const { address } = Input.read('state::delete', payload);
    return changes.make([address], (draft) => {
      const before = draft.read(address);
      draft.delete(address);
      return before?.value;
    });
  },
};
