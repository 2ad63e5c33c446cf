import { DEFAULT_NAMESPACE, EngineTrigger } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import { isRecord } from './is-record.js';
import type { QueueService } from './service.js';

const ON_FUNCTIONS = 'iii-queue::on-functions-available';

/**
 * Follows what the engine tells: functions that appear wake the jobs that wait for them. After a reconnection all of
 * them are tried, for which have appeared meanwhile was not heard.
 *
 * @returns stops.
 */
export function watchEngine(iii: IIIClient, service: QueueService): () => void {
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
  });
  return () => {
    stopListening();
    trigger.unregister();
    watcher.unregister();
  };
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
