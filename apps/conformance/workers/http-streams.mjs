/** Serves `GET /endless` on the official client: an answer in pieces that never ends, for whoever kills this process. */
import { once } from 'node:events';
import { http } from '@iii-dev/helpers/http';
import { registerWorker } from 'official-iii-sdk';

const [url] = process.argv.slice(2);

for (const method of ['debug', 'log', 'warn']) console[method] = () => {};

const worker = registerWorker(url, { workerName: 'endless', otel: { enabled: false } });
worker.registerFunction(
  'endless',
  http(async (_request, { stream }) => {
    stream.on('error', () => {});
    for (;;) if (!stream.write(Buffer.alloc(1024))) await once(stream, 'drain');
  }),
);
worker.registerTrigger({ type: 'http', function_id: 'endless', config: { api_path: 'endless' } });

// The engine handles what one connection sends in order: an answer means that the route is bound.
await worker.trigger({ function_id: 'engine::functions::list', payload: {} });
process.send?.('ready');
process.on('disconnect', () => process.exit());
