import { DEFAULT_NAMESPACE, EngineFunction, ownRaw, RAW_NULL, type RawJson, rawMembers } from 'iii-protocol';
import { defined } from '../defined.js';
import { EngineError } from '../errors.js';
import type { FunctionTable } from '../routing/function-table.js';
import type { Triggers } from '../triggers/triggers.js';
import { addBuiltin } from './builtin.js';

/** `engine::register_trigger` and `engine::unregister_trigger` (protocol.md §9.10, §9.11). */
export function addTriggerRegistration(functions: FunctionTable, triggers: Triggers): void {
  addBuiltin(functions, EngineFunction.RegisterTrigger, async (input, { raw }) => {
    const members = rawMembers(raw);
    const id = await triggers.bindOwnerless({
      triggerType: input.trigger_type,
      functionId: input.function_id,
      config: kept(members.get('config')) ?? RAW_NULL,
      namespace: named(input.namespace, 'namespace') ?? DEFAULT_NAMESPACE,
      ...defined({
        metadata: kept(members.get('metadata')),
        providerNamespace: named(input.trigger_namespace, 'trigger_namespace'),
      }),
    });
    return { id };
  });
  addBuiltin(functions, EngineFunction.UnregisterTrigger, (input, { caller }) => ({
    removed: triggers.unbind(caller, input.id),
  }));
}

function kept(raw: RawJson | undefined): RawJson | undefined {
  return raw === undefined ? undefined : ownRaw(raw);
}

function named(namespace: string | null | undefined, field: string): string | undefined {
  if (namespace === null || namespace === undefined) return undefined;
  if (namespace.trim() !== '') return namespace;
  throw new EngineError('INVALID_NAMESPACE', `${field} is blank. Name one, or leave the field out.`);
}
