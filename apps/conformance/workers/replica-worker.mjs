/**
 * One replica of a function on the official client. It writes the number of every call it starts into a file, which
 * survives it. Told to drain, it withdraws the function, finishes what it has, and ends.
 */
import { openSync, writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { registerWorker } from 'official-iii-sdk';

const [url, functionId, delayMs, log] = process.argv.slice(2);
const started = openSync(log, 'a');

console.debug = () => {};
console.log = () => {};
console.warn = () => {};

const worker = registerWorker(url, { workerName: `replica-${process.pid}`, otel: { enabled: false } });
let running = 0;
let idle = () => {};

const offer = worker.registerFunction(functionId, async ({ n }) => {
  running++;
  writeSync(started, `${n}\n`);
  await setTimeout(Number(delayMs));
  running--;
  if (running === 0) idle();
  return process.pid;
});

/** The engine handles what one connection sends in order: an answer means that all before it counts. */
const settled = () => worker.trigger({ function_id: 'engine::functions::list', payload: {} });

process.on('message', async () => {
  offer.unregister();
  await settled();
  if (running > 0) await new Promise((resolve) => (idle = resolve));
  await settled();
  await worker.shutdown();
  process.exit();
});
process.on('disconnect', () => process.exit());

// The engine handles what one connection sends in order, and this client announces itself after its functions: the
// second answer comes when both count.
await settled();
await settled();
process.send?.('ready');
