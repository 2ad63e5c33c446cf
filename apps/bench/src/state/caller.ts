import { registerWorker } from 'iii-sdk';
import type { LoadResult } from '../load/latencies.js';
import { runLoop } from '../load/loops.js';
import { payloadOf } from '../payload.js';
import { takeTasks } from '../role-process.js';
import { untilAnswered } from '../until-answered.js';

export type Keeper = 'state' | 'redis';

/** Calls of one kind for a while, or so many keys at once. */
export type StateTask =
  | {
      readonly kind: 'set' | 'get';
      readonly keeper: Keeper;
      readonly inFlight: number;
      readonly ms: number;
      readonly keys: number;
      readonly valueBytes: number;
    }
  | {
      readonly kind: 'fill';
      readonly keeper: Keeper;
      readonly keys: number;
      readonly valueBytes: number;
    };

/** Keys that are written with one call when many are. */
const AT_ONCE = 500;
const SCOPE = 'bench';

const [address = ''] = process.argv.slice(2);
const client = registerWorker(address, { workerName: 'caller', otel: { enabled: false } });

takeTasks<StateTask, LoadResult | 'filled'>(async (task) => {
  const { keeper, keys, valueBytes } = task;
  const call = (name: string, payload: unknown) =>
    client.trigger<unknown, unknown>({ function_id: `${keeper}::${name}`, payload });
  await untilAnswered(() => call('get', { scope: SCOPE, key: 'k0' }));
  const value = payloadOf(valueBytes);
  if (task.kind === 'fill') {
    for (let first = 0; first < keys; first += AT_ONCE) {
      const items = Array.from({ length: Math.min(AT_ONCE, keys - first) }, (_, n) => ({
        scope: SCOPE,
        key: `k${first + n}`,
        value,
      }));
      if (keeper === 'redis') await call('fill', { items });
      else {
        const operations = items.map((item) => ({ type: 'set', ...item }));
        await call('transaction', { operations, return_values: false });
      }
    }
    return 'filled';
  }
  let n = 0;
  const { kind, inFlight, ms } = task;
  return runLoop({ kind: 'closed', inFlight, ms }, async () => {
    const key = `k${n++ % keys}`;
    const result = await call(kind, kind === 'set' ? { scope: SCOPE, key, value } : { scope: SCOPE, key });
    if (result === null || result === undefined) throw new Error(`${keeper}::${kind} of ${key} gave nothing`);
    return result;
  });
});
process.send?.('ready');
