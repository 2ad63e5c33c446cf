/** Runs jobs of a queue, fails some of them on purpose, and tells its parent about each. */
import { setTimeout } from 'node:timers/promises';
import { registerWorker } from 'official-iii-sdk';

const [url, functionId, seed] = process.argv.slice(2);

for (const method of ['debug', 'log', 'warn', 'error']) console[method] = () => {};

let state = Number(seed);
const draw = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const tell = (message) => new Promise((resolve) => process.send(message, resolve));

const worker = registerWorker(url, { workerName: `queue-worker-${process.pid}`, otel: { enabled: false } });
worker.registerFunction(functionId, async ({ n }, metadata) => {
  const { attempt } = metadata['iii.queue'];
  const fails = draw(50) === 0;
  await tell({ kind: fails ? 'fails' : 'starts', n, attempt });
  await setTimeout(draw(5));
  if (fails) throw new Error('drawn');
});
await worker.trigger({ function_id: 'engine::functions::list', payload: {} });
process.send('ready');
process.on('disconnect', () => process.exit());
