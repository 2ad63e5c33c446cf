/** Offers math::add where there is no Python for the real one. */
import { registerWorker } from 'iii-sdk';

const worker = registerWorker(process.env.III_URL, {
  workerName: 'math-worker',
  workerDescription: 'Adds numbers',
});

worker.registerFunction(
  'math::add',
  async ({ a, b }: { a: number; b: number }) => {
    const c = a + b;
    const counted = await worker.trigger<object, { new_value: number }>({
      function_id: 'state::update',
      payload: {
        scope: 'math',
        key: 'running_total',
        ops: [{ type: 'increment', path: '', by: c }],
      },
    });
    return { c, running_total: counted.new_value };
  },
  { description: 'Adds whole numbers a and b' },
);

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void worker.shutdown());
