import { PAYLOAD } from '../payload.js';
import { takeTasks } from '../role-process.js';
import { percentile } from '../statistics.js';
import { type ClientKind, connect, ECHO } from './client.js';

/** Keeps so many calls in flight for so long. */
export interface CallTask {
  readonly inFlight: number;
  readonly ms: number;
}

export interface CallResult {
  readonly calls: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const [kind, address = ''] = process.argv.slice(2);
const client = connect(kind as ClientKind, address, 'caller');
const payload: unknown = JSON.parse(PAYLOAD);
const call = () => client.trigger({ function_id: ECHO, payload });

/** Resolves when the function answers; before it is registered, the engine does not know it. */
async function answering(): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    try {
      await call();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

takeTasks<CallTask, CallResult>(async ({ inFlight, ms }) => {
  await answering();
  const latencies: number[] = [];
  const begin = performance.now();
  const end = begin + ms;
  const oneAfterTheOther = async () => {
    for (let sent = performance.now(); sent < end; ) {
      await call();
      const now = performance.now();
      latencies.push(now - sent);
      sent = now;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, oneAfterTheOther));
  return {
    calls: latencies.length,
    perSecond: latencies.length / ((performance.now() - begin) / 1_000),
    p50Ms: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
  };
});
process.send?.('ready');
