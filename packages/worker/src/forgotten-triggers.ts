import { EngineFunction, type Log } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';

/** The triggers of one type that a worker serves. */
export interface ServedTriggers {
  ids(): Iterable<string>;
  forget(id: string): void;
  readonly logger: Log;
}

/**
 * After a reconnection the engine sends every trigger of a type again, but says nothing of those that were released
 * meanwhile: finds out which they are, and has them forgotten.
 *
 * @returns stops watching.
 */
export function watchForgottenTriggers(
  iii: IIIClient,
  triggerType: string,
  served: ServedTriggers,
): () => void {
  let wasLost = false;
  return iii.addConnectionStateListener((state) => {
    if (state === 'reconnecting') wasLost = true;
    if (state !== 'connected' || !wasLost) return;
    wasLost = false;
    void forgetReleased(iii, triggerType, served);
  });
}

async function forgetReleased(iii: IIIClient, triggerType: string, served: ServedTriggers): Promise<void> {
  try {
    // The connection announces itself first: only then is anything of it known to the engine.
    await iii.ready();
    const result = await iii.trigger<object, unknown>({
      function_id: EngineFunction.ListTriggers,
      payload: { trigger_type: triggerType, include_pending: true, include_internal: true },
    });
    const known = new Set(rowsOf(result).map(({ id }) => id));
    for (const id of [...served.ids()]) if (!known.has(id)) served.forget(id);
  } catch (error) {
    served.logger.warn(
      { err: error, trigger_type: triggerType },
      'triggers of workers that left during the disconnection may still be served',
    );
  }
}

function rowsOf(result: unknown): Array<{ readonly id?: unknown }> {
  const { registered_triggers: rows } = (result ?? {}) as { readonly registered_triggers?: unknown };
  // Or everything would be forgotten.
  if (!Array.isArray(rows)) throw new TypeError('the engine did not list its triggers');
  return rows.filter((row) => typeof row === 'object' && row !== null);
}
