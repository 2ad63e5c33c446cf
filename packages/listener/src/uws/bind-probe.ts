import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * uWebSockets.js says that a port could not be bound, but not why. Binding it with node:net tells.
 * @returns the error of the operating system, or an explanation when there is none (any more).
 */
export async function probeBind(host: string, port: number): Promise<unknown> {
  const probe = createServer();
  try {
    probe.listen({ host, port, exclusive: true });
    await once(probe, 'listening');
  } catch (error) {
    return error;
  }
  probe.close();
  await once(probe, 'close');
  return new Error('uWebSockets.js gave no reason, and node:net could bind the port');
}
