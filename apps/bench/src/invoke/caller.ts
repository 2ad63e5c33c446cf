import type { LoadResult } from '../load/latencies.js';
import { type Loop, runLoop } from '../load/loops.js';
import { payloadOf } from '../payload.js';
import { takeTasks } from '../role-process.js';
import { untilAnswered } from '../until-answered.js';
import { type ClientKind, callerOf } from './clients.js';

export interface CallTask {
  readonly payloadBytes: number;
  readonly loop: Loop;
}

const [kind, line = '', ...addresses] = process.argv.slice(2);
const call = await callerOf(kind as ClientKind, line, addresses);

takeTasks<CallTask, LoadResult>(async ({ payloadBytes, loop }) => {
  const payload = payloadOf(payloadBytes);
  await untilAnswered(() => call(payload));
  return runLoop(loop, () => call(payload));
});
process.send?.('ready');
