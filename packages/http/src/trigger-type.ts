import { DEFAULT_NAMESPACE, EngineFunction, type Log } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import type { TriggerConfig } from 'iii-sdk/trigger';
import { isRecord } from './is-record.js';
import { parseRoute } from './routing/route.js';
import type { RouteTable } from './routing/route-table.js';
import { HTTP_CALL_REQUEST, HTTP_TRIGGER_CONFIG } from './trigger-schemas.js';

const TRIGGER_TYPE = 'http';

/**
 * Serves the trigger type `http`: what is bound to it becomes routes (spec/worker-http.md §2, §3.5).
 *
 * @returns stops serving it.
 */
export function serveTriggerType(iii: IIIClient, routes: RouteTable, logger: Log): () => void {
  const type = iii.registerTriggerType<unknown>(
    {
      id: TRIGGER_TYPE,
      description: 'HTTP API trigger',
      trigger_request_format: HTTP_TRIGGER_CONFIG,
      call_request_format: HTTP_CALL_REQUEST,
    },
    {
      registerTrigger: async (trigger) => bind(trigger, routes, logger),
      unregisterTrigger: async ({ id }) => routes.remove(id),
    },
  );
  const stopWatching = onReconnect(iii, () => void dropForgotten(iii, routes, logger));
  return () => {
    stopWatching();
    type.unregister();
  };
}

/** @throws HttpError, whose message its originator is told. The trigger then has no route, whatever it had before. */
function bind(trigger: TriggerConfig<unknown>, routes: RouteTable, logger: Log): void {
  try {
    const route = parseRoute(trigger, DEFAULT_NAMESPACE);
    routes.put(route);
    logger.debug(
      { trigger_id: route.id },
      `${route.method} ${route.pattern.text} goes to ${route.functionId}`,
    );
  } catch (error) {
    routes.remove(trigger.id);
    throw error;
  }
}

/** Calls back when a connection stands that is not the first one. */
function onReconnect(iii: IIIClient, callback: () => void): () => void {
  let lost = false;
  return iii.addConnectionStateListener((state) => {
    if (state === 'reconnecting') lost = true;
    if (state !== 'connected' || !lost) return;
    lost = false;
    callback();
  });
}

/**
 * After a reconnection the engine sends every trigger again, but says nothing of those that were released meanwhile;
 * their routes go here.
 */
async function dropForgotten(iii: IIIClient, routes: RouteTable, logger: Log): Promise<void> {
  try {
    // The connection announces itself first: only then is anything of it known to the engine.
    await iii.ready();
    const result = await iii.trigger<object, unknown>({
      function_id: EngineFunction.ListTriggers,
      payload: { trigger_type: TRIGGER_TYPE, include_pending: true, include_internal: true },
    });
    const rows =
      isRecord(result) && Array.isArray(result.registered_triggers) ? result.registered_triggers : [];
    const known = new Set(rows.map((row: unknown) => (isRecord(row) ? row.id : undefined)));
    for (const id of [...routes.ids()]) if (!known.has(id)) routes.remove(id);
  } catch (error) {
    logger.warn({ err: error }, 'routes of workers that left during the disconnection may still be served');
  }
}
