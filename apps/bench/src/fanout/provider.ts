import { registerWorker } from 'iii-sdk';
import type { LoadResult } from '../load/latencies.js';
import { runLoop } from '../load/loops.js';
import { takeTasks } from '../role-process.js';

/** A trigger type of its own: an event calls every function that is bound. */
const [address = ''] = process.argv.slice(2);
const worker = registerWorker(address, { workerName: 'provider', otel: { enabled: false } });
const bound = new Set<string>();
let changed = () => {};
worker.registerTriggerType(
  { id: 'bench-event', description: 'An event of the benchmark.' },
  {
    registerTrigger: async ({ function_id }) => {
      bound.add(function_id);
      changed();
    },
    unregisterTrigger: async ({ function_id }) => void bound.delete(function_id),
  },
);

async function untilBound(bindings: number): Promise<void> {
  while (bound.size < bindings) {
    await new Promise<void>((resolve) => {
      changed = resolve;
    });
  }
}

takeTasks<{ readonly bindings: number; readonly ms: number }, LoadResult>(async ({ bindings, ms }) => {
  await untilBound(bindings);
  const event = { at: 1 };
  return runLoop({ kind: 'closed', inFlight: 1, ms }, () =>
    Promise.all([...bound].map((function_id) => worker.trigger({ function_id, payload: event }))),
  );
});
await worker.ready();
process.send?.('ready');
