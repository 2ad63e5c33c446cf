import { fastify } from 'fastify';
import { listen } from './listen.js';

/** Fastify that answers itself: baseline (a), and what is behind baseline (b). */
const app = fastify();
app.post('/echo', async ({ body }) => body);
await listen(app);
