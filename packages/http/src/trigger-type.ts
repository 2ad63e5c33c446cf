import { DEFAULT_NAMESPACE, type Log } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import type { TriggerConfig } from 'iii-sdk/trigger';
import { watchForgottenTriggers } from 'iii-worker';
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
  const stopWatching = watchForgottenTriggers(iii, TRIGGER_TYPE, {
    ids: () => routes.ids(),
    forget: (id) => routes.remove(id),
    logger,
  });
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
