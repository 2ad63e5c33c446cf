/** Offers a function that takes its time and answers with the id of this process. */
import { setTimeout } from 'node:timers/promises';
import { registerWorker } from 'official-iii-sdk';

const [url, functionId, delayMs] = process.argv.slice(2);

console.debug = () => {};
console.log = () => {};
console.warn = () => {};

const worker = registerWorker(url, { workerName: `slow-${process.pid}`, otel: { enabled: false } });
worker.registerFunction(functionId, async () => {
  await setTimeout(Number(delayMs));
  return process.pid;
});

// The engine handles what one connection sends in order: an answer means that the function is on offer.
await worker.trigger({ function_id: 'engine::functions::list', payload: {} });
await worker.trigger({ function_id: functionId, payload: {} });
process.send?.('ready');
process.on('disconnect', () => process.exit());
