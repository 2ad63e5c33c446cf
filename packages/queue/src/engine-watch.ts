import { DEFAULT_NAMESPACE, EngineFunction, EngineTrigger, type Log } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import type { EventTriggers } from './event-triggers.js';
import { isRecord } from './is-record.js';
import type { QueueService } from './service.js';
import { SUBSCRIBER_TYPE } from './topics/trigger-type.js';

const ON_FUNCTIONS = 'iii-queue::on-functions-available';

/**
 * Follows what the engine tells: functions that appear wake the jobs that wait for them. After a reconnection what was
 * missed meanwhile is caught up with.
 *
 * @returns stops.
 */
export function watchEngine(
  iii: IIIClient,
  service: QueueService,
  events: EventTriggers,
  logger: Log,
): () => void {
  const watcher = iii.registerFunction(
    ON_FUNCTIONS,
    async (event: unknown) => {
      if (service.missing.size === 0) return { ok: true };
      const offered = new Set(functionsOf(event));
      service.missing.wake((namespace, functionId) => offered.has(keyOf(namespace, functionId)));
      return { ok: true };
    },
    { description: 'Wakes jobs whose function has appeared.', metadata: { internal: true } },
  );
  const trigger = iii.registerTrigger({
    type: EngineTrigger.FunctionsAvailable,
    function_id: ON_FUNCTIONS,
    config: {},
  });
  let lost = false;
  const stopListening = iii.addConnectionStateListener((state) => {
    if (state === 'reconnecting') lost = true;
    if (state !== 'connected' || !lost) return;
    lost = false;
    service.missing.wakeAll();
    void dropForgotten(iii, service, events, logger);
  });
  return () => {
    stopListening();
    trigger.unregister();
    watcher.unregister();
  };
}

/** After a reconnection the engine sends every trigger again, but not which were released meanwhile. */
async function dropForgotten(
  iii: IIIClient,
  service: QueueService,
  events: EventTriggers,
  logger: Log,
): Promise<void> {
  try {
    await iii.ready();
    const result = await iii.trigger<object, unknown>({
      function_id: EngineFunction.ListTriggers,
      payload: { include_pending: true, include_internal: true },
    });
    const rows =
      isRecord(result) && Array.isArray(result.registered_triggers) ? result.registered_triggers : [];
    const known = new Set(rows.map((row: unknown) => (isRecord(row) ? String(row.id) : '')));
    for (const id of service.topics.triggerIds()) if (!known.has(id)) service.topics.unbind(id);
    events.keepOnly(known);
  } catch (error) {
    logger.warn(
      { err: error, trigger_type: SUBSCRIBER_TYPE },
      'subscribers that left may still count as present',
    );
  }
}

function functionsOf(event: unknown): string[] {
  const rows = isRecord(event) && Array.isArray(event.functions) ? event.functions : [];
  return rows.flatMap((row: unknown) => {
    if (!isRecord(row) || typeof row.function_id !== 'string') return [];
    return [keyOf(typeof row.namespace === 'string' ? row.namespace : DEFAULT_NAMESPACE, row.function_id)];
  });
}

function keyOf(namespace: string, functionId: string): string {
  return JSON.stringify([namespace, functionId]);
}
