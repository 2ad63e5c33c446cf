import { hasExpired } from '../changes.js';
import { Input } from './input.js';
import { versionedResult } from './results.js';
import { ADDRESS, schema, WITH_VERSION } from './schemas.js';
import type { StateFunction } from './state-function.js';

/** §1.3: the value itself, or nothing. */
export const getFunction: StateFunction = {
  id: 'state::get',
  description: 'Reads a value.',
  request: schema('StateGetInput', { ...ADDRESS, ...WITH_VERSION }, ['scope', 'key']),
  failure: 'GET_ERROR',
  async run({ adapter, now }, payload) {
    const input = Input.read('state::get', payload);
    const withVersion = input.flag('with_version', false);
    const entry = await adapter.read(input.address);
    if (entry === undefined || hasExpired(entry, now())) return undefined;
    return withVersion ? versionedResult(entry) : entry.value;
  },
};
