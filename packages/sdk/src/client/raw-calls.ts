import { RAW_RESULT, RawValue } from '../link/raw-value.js';
import type { TriggerRequest } from '../protocol.js';
import type { IIIClient } from '../types/client.js';

/** A call whose payload may be a {@link RawValue}. */
export type RawRequest = TriggerRequest & { readonly [RAW_RESULT]?: true };

/** Calls a function, and gives its result as JSON text: that of `null` when there is none. Throws as `trigger` does. */
export async function triggerRaw(iii: IIIClient, request: TriggerRequest): Promise<RawValue> {
  const marked: RawRequest = { ...request, [RAW_RESULT]: true };
  return RawValue.of(await iii.trigger<unknown, unknown>(marked));
}
