import type { IIIClient } from 'iii-sdk';

/** The reason a trigger is refused for, or undefined when it is not. */
export async function refusalOf(
  iii: IIIClient,
  triggerType: string,
  config: unknown,
): Promise<string | undefined> {
  const payload = { trigger_type: triggerType, function_id: 'f', config };
  try {
    await iii.trigger({ function_id: 'engine::register_trigger', payload });
    return undefined;
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message: string };
    if (code !== 'trigger_registration_failed') throw error;
    return message;
  }
}
