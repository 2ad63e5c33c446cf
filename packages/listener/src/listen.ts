import { chooseDriver } from './drivers.js';
import { startNode } from './node/server.js';
import { resolveSettings, type StartDriver } from './settings.js';
import type { Listener, ListenOptions } from './types.js';
import { findUws, loadUws } from './uws/load.js';
import { uwsDriver } from './uws/server.js';

/**
 * Binds a port that speaks HTTP/1.1 and WebSocket.
 *
 * @example
 * const listener = await listen({
 *   port: 0,
 *   onUpgrade: () => ({ accept: (socket) => ({ message: (data) => socket.sendText(data), closed() {} }) }),
 *   onRequest: (request, response) => response.send(200, [['content-type', 'text/plain']], request.path),
 * });
 *
 * @throws ListenerError (as a rejection) `address_in_use`, `address_unavailable`, `permission_denied`,
 * `listen_failed`, `driver_unavailable`, `invalid_option`.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const settings = await resolveSettings(options);
  const start = await pickDriver(options);
  return start(settings);
}

async function pickDriver({ driver = 'auto', audience = 'public' }: ListenOptions): Promise<StartDriver> {
  // What is installed may settle it, and then a binary that is not used is not loaded either.
  const installed = findUws();
  if (chooseDriver(driver, audience, installed) === 'node') return startNode;
  const loaded = await loadUws(installed);
  if (chooseDriver(driver, audience, loaded) === 'node' || !loaded.available) return startNode;
  return uwsDriver(loaded.module);
}
