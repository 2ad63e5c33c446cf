import { registerWorker } from 'iii-sdk';
import { tellUsage } from '../role-process.js';

/** The function behind the route: answers with the body it is called with. */
const [address = ''] = process.argv.slice(2);
const worker = registerWorker(address, { workerName: 'handler', otel: { enabled: false } });
worker.registerFunction('bench::echo', async ({ body }: { body: unknown }) => body);
worker.registerTrigger({
  type: 'http',
  function_id: 'bench::echo',
  config: { api_path: '/echo', http_method: 'POST' },
});
tellUsage();
process.send?.('ready');
