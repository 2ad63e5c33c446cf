import { EngineFunction, type Log } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import { parseBinding, StateTriggerConfig } from './binding.js';
import type { BindingTable } from './binding-table.js';
import { STATE_CALL_REQUEST } from './event.js';

const TRIGGER_TYPE = 'state';

/**
 * Serves the trigger type `state` (§1.6).
 *
 * @returns stops serving it.
 */
export function serveTriggerType(iii: IIIClient, bindings: BindingTable, log: Log): () => void {
  const type = iii.registerTriggerType<unknown>(
    {
      id: TRIGGER_TYPE,
      description: 'Called when a value in the state changes',
      trigger_request_format: { ...StateTriggerConfig, required: [] },
      call_request_format: STATE_CALL_REQUEST,
    },
    {
      registerTrigger: async (trigger) => {
        // What cannot be read must not leave what stood under its id before (§0.3).
        bindings.remove(trigger.id);
        bindings.put(parseBinding(trigger));
      },
      unregisterTrigger: async ({ id }) => bindings.remove(id),
    },
  );
  const stopWatching = onReconnect(iii, () => void dropForgotten(iii, bindings, log));
  return () => {
    stopWatching();
    type.unregister();
  };
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
 * their bindings go here.
 */
async function dropForgotten(iii: IIIClient, bindings: BindingTable, log: Log): Promise<void> {
  try {
    // The connection announces itself first: only then is anything of it known to the engine.
    await iii.ready();
    const result = await iii.trigger<object, { registered_triggers: ReadonlyArray<{ id: string }> }>({
      function_id: EngineFunction.ListTriggers,
      payload: { trigger_type: TRIGGER_TYPE, include_pending: true, include_internal: true },
    });
    const known = new Set(result.registered_triggers.map(({ id }) => id));
    for (const id of [...bindings.ids]) if (!known.has(id)) bindings.remove(id);
  } catch (error) {
    log.warn({ err: error }, 'triggers of workers that left during the disconnection may still be called');
  }
}
