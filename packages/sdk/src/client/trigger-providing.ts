import type { MessageOf, OutgoingMessage } from '../link/message.js';
import { plain } from '../link/raw-value.js';
import type { TriggerConfig } from '../trigger.js';
import type { RegisteredTriggerType } from './registrations.js';

/** What serving trigger types needs of the client. */
export interface ProviderContext {
  find(triggerType: string): RegisteredTriggerType | undefined;
  send(message: OutgoingMessage): void;
  problem(message: string, error: unknown): void;
}

/** A trigger is bound to a type this client serves (sdk-node.md §9.2). Never rejects. */
export async function acceptTrigger(
  frame: MessageOf<'registertrigger'>,
  context: ProviderContext,
): Promise<void> {
  const answer = {
    type: 'triggerregistrationresult' as const,
    id: frame.id,
    trigger_type: frame.trigger_type,
    function_id: frame.function_id,
  };
  const type = context.find(frame.trigger_type);
  if (type === undefined) {
    const error = { code: 'trigger_type_not_found', message: 'Trigger type not found' };
    context.send({ ...answer, error });
    return;
  }
  const { id, function_id } = frame;
  const metadata = plain(frame.metadata);
  // Whole from the start: there are very many of them, and a member that comes later has a place of its own to live in.
  const config: TriggerConfig<unknown> = isRecord(metadata)
    ? { id, function_id, config: plain(frame.config), metadata }
    : { id, function_id, config: plain(frame.config) };
  if (frame.namespace !== undefined) config.namespace = frame.namespace;
  // Known from now on, so that a release that comes before the handler is done finds it.
  type.bindings.set(frame.id, config);
  try {
    await type.handler.registerTrigger(config);
  } catch (error) {
    if (type.bindings.get(frame.id) === config) type.bindings.delete(frame.id);
    const message = error instanceof Error ? error.message : String(error);
    context.send({ ...answer, error: { code: 'trigger_registration_failed', message } });
    return;
  }
  context.send(answer);
}

/** A trigger is released (§9.3); the handler gets back what it was given when it was bound. Never rejects. */
export async function releaseTrigger(
  frame: MessageOf<'unregistertrigger'>,
  context: ProviderContext,
): Promise<void> {
  const type = frame.trigger_type === undefined ? undefined : context.find(frame.trigger_type);
  if (type === undefined) return;
  const known = type.bindings.get(frame.id);
  type.bindings.delete(frame.id);
  try {
    await type.handler.unregisterTrigger(known ?? { id: frame.id, function_id: '', config: undefined });
  } catch (error) {
    context.problem(`Error unregistering trigger ${frame.id}`, error);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
