/** Offers math::add where there is no Python for the real one. */
import { registerWorker } from 'iii-sdk';

const worker = registerWorker(process.env.III_URL, {
  workerName: 'math-worker',
  workerDescription: 'Adds numbers',
});

worker.registerFunction('math::add', ({ a, b }: { a: number; b: number }) => ({ c: a + b }), {
  description: 'Adds a and b',
});

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void worker.shutdown());
