import { LIMITS, type MixedJson, textOfRaw, USUAL_PROVIDER } from 'iii-protocol';
import type { FunctionTable } from '../routing/function-table.js';
import type { Binding } from '../triggers/binding.js';
import type { TriggerTypeEntry } from '../triggers/trigger-type.js';
import type { Triggers } from '../triggers/triggers.js';
import { firstSegment, workerNameOf } from './function-rows.js';

type Row = { readonly [name: string]: MixedJson };

/** Name of who serves a type, or what is known about types of this id (protocol.md §9.3). */
export function providerNameOf(type: TriggerTypeEntry): string {
  const { active } = type;
  const name = active?.kind === 'engine' ? active.provider.workerName : active?.session.name;
  return name ?? USUAL_PROVIDER[type.id] ?? firstSegment(type.id);
}

export function typeSummary(type: TriggerTypeEntry): Row {
  return {
    id: type.id,
    namespace: type.namespace,
    worker_name: providerNameOf(type),
    description: type.active?.description.description ?? '',
  };
}

export function typeDetail(type: TriggerTypeEntry, triggers: Triggers): Row {
  const description = type.active?.description;
  let instances = 0;
  for (const { state, definition } of triggers.bindings.values()) {
    if (state.status === 'live' && definition.triggerType === type.id) instances++;
  }
  return {
    ...typeSummary(type),
    configuration_schema: description?.configFormat,
    request_schema: description?.requestFormat,
    response_schema: description?.responseFormat,
    instance_count: instances,
  };
}

/** Name of the worker that offers the target of a binding. */
export function targetWorker({ definition }: Binding, functions: FunctionTable): string {
  const entry = functions.find(definition.namespace, definition.functionId);
  return entry === undefined ? firstSegment(definition.functionId) : workerNameOf(entry);
}

export function bindingRow(binding: Binding, functions: FunctionTable): Row {
  const { definition, state } = binding;
  return {
    id: definition.id,
    trigger_type: definition.triggerType,
    function_id: definition.functionId,
    namespace: definition.namespace,
    worker_name: targetWorker(binding, functions),
    status: state.status === 'live' ? 'live' : 'pending',
    config: definition.config,
  };
}

export function bindingSummary(binding: Binding, functions: FunctionTable): Row {
  return { ...bindingRow(binding, functions), config_summary: summarize(binding) };
}

const STRING_OR_SPACE = /("(?:[^"\\]|\\.)*")|\s+/g;

/** The config without white space, cut to length. */
function summarize({ definition }: Binding): string {
  const compact = textOfRaw(definition.config).replace(STRING_OR_SPACE, '$1');
  const characters = [...compact];
  if (characters.length <= LIMITS.configSummaryCharacters) return compact;
  return `${characters.slice(0, LIMITS.configSummaryCharacters).join('')}…`;
}
