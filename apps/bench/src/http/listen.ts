import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { tellUsage } from '../role-process.js';

/** Opens a free port for fastify, and tells which. */
export async function listen(app: FastifyInstance): Promise<void> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  tellUsage();
  process.send?.({ port });
}
