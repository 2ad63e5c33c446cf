import { LIMITS } from 'iii-protocol';
import { WebSocketLink } from '../link/websocket-link.js';
import type { IIIClient } from '../types/client.js';
import { createClient } from './client.js';
import { type InitOptions, resolveAddress, resolveIdentity } from './options.js';

/**
 * Connects this process to an engine as a worker. Returns at once: what is registered and called before the
 * connection stands takes effect when it does, and again whenever it is made anew.
 *
 * @param address `ws://` or `wss://` URL. Default: `III_URL`, else `ws://127.0.0.1:49134`.
 * @throws Error when the address is not a URL, or the namespace is blank.
 *
 * @example
 * const worker = registerWorker('ws://127.0.0.1:49134');
 * worker.registerFunction('math::add', async ({ a, b }) => ({ c: a + b }));
 */
export function registerWorker(address?: string, options: InitOptions = {}): IIIClient {
  const identity = resolveIdentity(options);
  const link = new WebSocketLink(resolveAddress(address), {
    ...(options.headers === undefined ? {} : { headers: options.headers }),
    ...(options.reconnectionConfig === undefined ? {} : { reconnection: options.reconnectionConfig }),
  });
  return createClient(link, {
    identity,
    invocationTimeoutMs: options.invocationTimeoutMs ?? LIMITS.invocationTimeoutMs,
  });
}
