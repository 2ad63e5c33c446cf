import type { Log } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import { watchForgottenTriggers } from 'iii-worker';
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
  const stopWatching = watchForgottenTriggers(iii, TRIGGER_TYPE, {
    ids: () => bindings.ids,
    forget: (id) => bindings.remove(id),
    logger: log,
  });
  return () => {
    stopWatching();
    type.unregister();
  };
}
