/** Serves the slow clients of a crowd: takes uploads, and answers with 1 MiB. */
import { registerWorker } from 'official-iii-sdk';

const [url] = process.argv.slice(2);

for (const method of ['debug', 'log', 'warn']) console[method] = () => {};

const worker = registerWorker(url, { workerName: 'http-crowd', otel: { enabled: false } });
const large = { headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(1024 * 1024) };
worker.registerFunction('crowd::upload', async () => ({ status_code: 201, body: {} }));
worker.registerFunction('crowd::large', async () => large);
const bind = (function_id, config) => worker.registerTrigger({ type: 'http', function_id, config });
bind('crowd::upload', { api_path: '/upload', http_method: 'POST' });
bind('crowd::large', { api_path: '/large' });
// The engine handles what one connection sends in order: an answer means that the routes are there.
await worker.trigger({ function_id: 'engine::triggers::list', payload: {} });
process.send('ready');
process.on('disconnect', () => process.exit());
