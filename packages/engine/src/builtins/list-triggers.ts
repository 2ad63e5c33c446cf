import { EngineFunction, type MixedJson } from 'iii-protocol';
import type { EngineFunctionInput } from 'iii-protocol/engine-functions';
import { EngineError } from '../errors.js';
import type { FunctionTable } from '../routing/function-table.js';
import type { Binding } from '../triggers/binding.js';
import type { TriggerTypeEntry } from '../triggers/trigger-type.js';
import type { Triggers } from '../triggers/triggers.js';
import { addBuiltin } from './builtin.js';
import { byText, functionDetail, isReserved } from './function-rows.js';
import { locate } from './locate.js';
import {
  bindingRow,
  bindingSummary,
  providerNameOf,
  targetWorker,
  typeDetail,
  typeSummary,
} from './trigger-rows.js';

/** Listings of trigger types and of bindings (protocol.md §9.3 to §9.6). */
export function addTriggerListings(functions: FunctionTable, triggers: Triggers): void {
  addBuiltin(functions, EngineFunction.ListTriggerTypes, (input) => ({
    triggers: listTypes(triggers, input).map(typeSummary),
  }));
  addBuiltin(functions, EngineFunction.TriggerTypeInfo, (input) =>
    typeDetail(findType(triggers, input.id, input.namespace ?? undefined), triggers),
  );
  addBuiltin(functions, EngineFunction.ListTriggers, (input) => ({
    registered_triggers: listBindings(functions, triggers, input).map((b) => bindingSummary(b, functions)),
  }));
  addBuiltin(functions, EngineFunction.TriggerInfo, (input) => bindingInfo(functions, triggers, input));
}

export function sortedTypes(types: Iterable<TriggerTypeEntry>): TriggerTypeEntry[] {
  return [...types].sort((a, b) => byText(a.id, b.id) || byText(a.namespace, b.namespace));
}

export function sortedBindings(bindings: Iterable<Binding>): Binding[] {
  return [...bindings].sort((a, b) => byText(a.definition.id, b.definition.id));
}

function matches(search: string | null | undefined, ...texts: readonly string[]): boolean {
  if (!search) return true;
  const needle = search.toLowerCase();
  return texts.some((text) => text.toLowerCase().includes(needle));
}

function listTypes(
  triggers: Triggers,
  input: EngineFunctionInput<'engine::triggers::list'>,
): TriggerTypeEntry[] {
  const rows = [...triggers.placement.types.entries()]
    .filter((type) => input.include_internal === true || !isReserved(type.id))
    .filter((type) => matches(input.search, type.id, type.active?.description.description ?? ''))
    .filter((type) => !input.prefix || type.id.startsWith(input.prefix))
    .filter((type) => typeof input.worker !== 'string' || providerNameOf(type) === input.worker);
  return sortedTypes(rows);
}

function findType(triggers: Triggers, id: string, namespace: string | undefined): TriggerTypeEntry {
  return locate(
    'trigger type',
    id,
    namespace,
    (ns) => triggers.placement.types.find(ns, id),
    () =>
      [...triggers.placement.types.entries()]
        .filter((type) => type.id === id)
        .map((type) => type.namespace)
        .sort(),
  );
}

function listBindings(
  functions: FunctionTable,
  triggers: Triggers,
  input: EngineFunctionInput<'engine::registered-triggers::list'>,
): Binding[] {
  const rows = [...triggers.bindings.values()]
    .filter(({ state }) => input.include_pending === true || state.status === 'live')
    .filter(({ definition }) => input.include_internal === true || !isReserved(definition.functionId))
    .filter(({ definition: d }) => matches(input.search, d.id, d.triggerType, d.functionId))
    .filter(({ definition: d }) => !input.trigger_type || d.triggerType === input.trigger_type)
    .filter(({ definition: d }) => !input.function_id || d.functionId === input.function_id)
    .filter((binding) => !input.worker || targetWorker(binding, functions) === input.worker);
  return sortedBindings(rows);
}

function bindingInfo(
  functions: FunctionTable,
  triggers: Triggers,
  input: EngineFunctionInput<'engine::registered-triggers::info'>,
): MixedJson {
  const binding = triggers.bindings.get(input.id);
  const hidden = input.include_pending === false && binding?.state.status === 'parked';
  if (binding === undefined || hidden) throw new EngineError('NOT_FOUND', `trigger ${input.id} not found`);
  const { definition, state } = binding;
  const entry = functions.find(definition.namespace, definition.functionId);
  return {
    ...bindingRow(binding, functions),
    metadata: definition.metadata,
    trigger: state.status === 'live' ? typeDetail(state.type, triggers) : null,
    function: entry === undefined ? null : functionDetail(entry, triggers.bindings.values()),
  };
}
