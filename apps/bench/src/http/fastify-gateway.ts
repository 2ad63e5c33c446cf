import { fastify } from 'fastify';
import { Pool } from 'undici';
import { listen } from './listen.js';

/** Baseline (b): fastify that asks another process over HTTP, on connections that are kept, and answers what that says. */
const [port = '', connections = ''] = process.argv.slice(2);
const behind = new Pool(`http://127.0.0.1:${port}`, { connections: Number(connections), pipelining: 1 });
const headers = { 'content-type': 'application/json' };

const app = fastify();
app.post('/echo', async (request, reply) => {
  const { statusCode, body } = await behind.request({
    path: '/echo',
    method: 'POST',
    headers,
    body: JSON.stringify(request.body),
  });
  reply.code(statusCode);
  return body.json();
});
await listen(app);
