import { defineWorker } from 'iii-worker';
import { HttpConfig } from './config.js';
import { RouteTable } from './routing/route-table.js';
import { Port } from './serve/port.js';
import { HttpServer } from './serve/server.js';
import { serveTriggerType } from './trigger-type.js';
import { VERSION } from './version.js';

/**
 * Exposes functions as HTTP endpoints: serves the trigger type `http` (spec/worker-http.md).
 *
 * @example iii.registerTrigger({ type: 'http', function_id: 'math::add', config: { api_path: '/add', http_method: 'POST' } });
 */
export const httpWorker = defineWorker({
  name: 'iii-http',
  aliases: ['http'],
  version: VERSION,
  description: 'Exposes functions as HTTP endpoints.',
  config: HttpConfig,
  async start({ iii, config, logger, clock, signal }) {
    const routes = new RouteTable();
    const server = new HttpServer({ iii, logger, clock }, routes, config);
    // Before the port, so that triggers which are waiting have their routes when it opens.
    const stopServingType = serveTriggerType(iii, routes, logger);
    let port: Port;
    try {
      port = await Port.open(config, { logger, onRequest: server.serve });
    } catch (error) {
      stopServingType();
      throw error;
    }
    const cut = () => server.cut();
    signal.addEventListener('abort', cut);
    return {
      get endpoints() {
        return [port.endpoint];
      },
      async reconfigure(changed) {
        await port.move(changed);
        server.reconfigure(changed);
      },
      async stop() {
        stopServingType();
        if (signal.aborted) cut();
        await port.close();
        signal.removeEventListener('abort', cut);
        server.close();
      },
    };
  },
});
