import type { RawJson } from 'iii-protocol';
import { hasExpired } from '../changes.js';
import { refusal } from '../errors.js';
import { STATE_LIMITS } from '../limits.js';
import { rawArray } from '../raw-build.js';
import { Input } from './input.js';
import { itemResult } from './results.js';
import { ADDRESS, flag, schema } from './schemas.js';
import type { StateFunction } from './state-function.js';

/** §1.3: every value of a scope, in the order in which their keys were first written. */
export const listFunction: StateFunction = {
  id: 'state::list',
  description: 'Reads every value of a scope.',
  request: schema(
    'StateListInput',
    {
      scope: ADDRESS.scope,
      with_keys: flag('Give {key, value, version} instead of bare values. Default false.'),
    },
    ['scope'],
  ),
  failure: 'LIST_ERROR',
  async run({ adapter, now }, payload) {
    const input = Input.read('state::list', payload);
    const [scope, withKeys] = [input.text('scope'), input.flag('with_keys', false)];
    const at = now();
    const items: RawJson[] = [];
    let bytes = 0;
    await adapter.list(scope, (item) => {
      if (hasExpired(item, at)) return true;
      const shown = withKeys ? itemResult(item) : item.value;
      items.push(shown);
      bytes += shown.length + 1;
      return bytes <= STATE_LIMITS.resultBytes;
    });
    if (bytes <= STATE_LIMITS.resultBytes) return rawArray(items);
    throw refusal(
      'RESULT_TOO_LARGE',
      `state::list: scope ${JSON.stringify(scope)} has values of more than ${STATE_LIMITS.resultBytes} bytes`,
    );
  },
};
