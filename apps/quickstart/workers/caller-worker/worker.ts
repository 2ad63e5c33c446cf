/** Calls the math worker through the engine, and puts an HTTP route in front of that. */
import { registerWorker } from 'iii-sdk';

interface Numbers {
  a: number;
  b: number;
}

const worker = registerWorker(process.env.III_URL, {
  workerName: 'caller-worker',
  workerDescription: 'Calls the math worker',
});

worker.registerFunction(
  'math::add_two_numbers',
  ({ a, b }: Numbers) => worker.trigger({ function_id: 'math::add', payload: { a, b } }),
  { description: 'Adds a and b, by asking another worker' },
);

worker.registerFunction('http::add_two_numbers', ({ body }: { body: Numbers }) =>
  worker.trigger({ function_id: 'math::add_two_numbers', payload: body }),
);

worker.registerTrigger({
  type: 'http',
  function_id: 'http::add_two_numbers',
  config: { api_path: '/math/add-two-numbers', http_method: 'POST' },
});

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void worker.shutdown());
