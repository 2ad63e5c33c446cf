/**
 * One replica of a function, on our SDK. It writes the number of every call it starts into a file, which survives it.
 * Told to drain, it withdraws the function, finishes what it was given, and leaves.
 */
import { openSync, writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { registerWorker } from 'iii-sdk';

const [url, functionId, delayMs, log] = process.argv.slice(2);
const started = openSync(log, 'a');
const worker = registerWorker(url, { workerName: `replica-${process.pid}` });

worker.registerFunction(functionId, async ({ n }) => {
  writeSync(started, `${n}\n`);
  await setTimeout(Number(delayMs));
  return process.pid;
});

// The engine handles what one connection sends in order: an answer means that the function is on offer.
await worker.trigger({ function_id: 'engine::functions::list' });
process.send('ready');

process.on('message', async () => {
  await worker.shutdown({ drainMs: 10_000 });
  process.exit();
});
process.on('disconnect', () => process.exit());
