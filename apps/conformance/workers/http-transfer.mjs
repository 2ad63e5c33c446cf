/**
 * Handlers on the official client that take and give any number of bytes: `POST /transfer` answers with what it read,
 * `GET /transfer/:bytes` sends so many random ones, and `GET /transferred` tells what they were.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { http } from '@iii-dev/helpers/http';
import { registerWorker } from 'official-iii-sdk';

const [url] = process.argv.slice(2);
const CHUNK_BYTES = 64 * 1024;

for (const method of ['debug', 'log', 'warn']) console[method] = () => {};

const worker = registerWorker(url, { workerName: 'transfer', otel: { enabled: false } });
let sent;

worker.registerFunction('transfer::take', async ({ request_body }) => {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request_body.stream) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
});
worker.registerFunction(
  'transfer::give',
  http(async ({ path_params }, { stream }) => {
    const hash = createHash('sha256');
    const bytes = Number(path_params.bytes);
    for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
      const chunk = randomBytes(Math.min(left, CHUNK_BYTES));
      hash.update(chunk);
      if (!stream.write(chunk)) await once(stream, 'drain');
    }
    sent = { bytes, sha256: hash.digest('hex') };
    stream.end();
  }),
);
worker.registerFunction('transfer::sent', async () => sent);
const bind = (function_id, api_path, http_method = 'GET') =>
  worker.registerTrigger({ type: 'http', function_id, config: { api_path, http_method } });
bind('transfer::take', '/transfer', 'POST');
bind('transfer::give', '/transfer/:bytes');
bind('transfer::sent', '/transferred');
// The engine handles what one connection sends in order: an answer means that the routes are there.
await worker.trigger({ function_id: 'engine::triggers::list', payload: {} });
process.send('ready');
process.on('disconnect', () => process.exit());
