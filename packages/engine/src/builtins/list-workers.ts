import { EngineFunction, type MixedJson } from 'iii-protocol';
import type { EngineFunctionInput } from 'iii-protocol/engine-functions';
import { EngineError } from '../errors.js';
import type { FunctionTable } from '../routing/function-table.js';
import type { SessionTable } from '../sessions/session-table.js';
import type { TriggerTypeEntry } from '../triggers/trigger-type.js';
import type { Triggers } from '../triggers/triggers.js';
import { addBuiltin } from './builtin.js';
import { byText, functionSummary } from './function-rows.js';
import { sortedBindings, sortedTypes } from './list-triggers.js';
import { locate } from './locate.js';
import { bindingSummary, providerNameOf, typeSummary } from './trigger-rows.js';
import { type ListedWorker, listedEngineWorker, listedSession } from './worker-rows.js';

/** `engine::workers::list` and `engine::workers::info` (protocol.md §9.7, §9.8). */
export function addWorkerListings(
  functions: FunctionTable,
  triggers: Triggers,
  sessions: SessionTable,
): void {
  const all = (): ListedWorker[] => [
    ...[...sessions.values()].map(listedSession),
    ...sessions.engineWorkers.map((worker) => listedEngineWorker(worker, functions)),
  ];
  addBuiltin(functions, EngineFunction.ListWorkers, (input) => ({
    workers: select(all(), input).map((worker) => worker.row),
  }));
  addBuiltin(functions, EngineFunction.WorkerInfo, (input) => {
    const worker = find(all(), input.name, input.namespace ?? undefined);
    return workerInfo(worker, functions, triggers);
  });
}

function select(
  workers: readonly ListedWorker[],
  input: EngineFunctionInput<'engine::workers::list'>,
): ListedWorker[] {
  const needle = input.search?.toLowerCase() ?? '';
  const rows = workers
    .filter((worker) => worker.listed || input.include_all === true)
    .filter((worker) => needle === '' || worker.name?.toLowerCase().includes(needle) === true)
    .filter((worker) => !input.runtime || worker.row.runtime === input.runtime)
    .filter((worker) => !input.status || worker.row.status === input.status);
  return rows.sort((a, b) => byText(sortName(a), sortName(b)) || byText(idOf(a), idOf(b)));
}

function idOf(worker: ListedWorker): string {
  return typeof worker.row.id === 'string' ? worker.row.id : '';
}

function sortName(worker: ListedWorker): string {
  return worker.name ?? idOf(worker);
}

/** Replicas share a name; any of them answers for it, the one connected longest for all. */
function find(workers: readonly ListedWorker[], name: string, namespace: string | undefined): ListedWorker {
  if (name === '') throw new EngineError('INVALID_ARGUMENTS', 'name is empty');
  const named = workers.filter((worker) => worker.name === name);
  return locate(
    'worker',
    name,
    namespace,
    (ns) => named.find((worker) => worker.namespace === ns),
    () => [...new Set(named.map((worker) => worker.namespace))].sort(),
  );
}

function workerInfo(worker: ListedWorker, functions: FunctionTable, triggers: Triggers): MixedJson {
  const own = [...worker.functions].sort((a, b) => byText(a.id, b.id));
  const targets = new Set(own);
  const bound = [...triggers.bindings.values()].filter(({ state, definition }) => {
    const target = functions.find(definition.namespace, definition.functionId);
    return state.status === 'live' && target !== undefined && targets.has(target);
  });
  return {
    worker: {
      ...worker.row,
      ...(worker.pid === undefined ? {} : { pid: worker.pid }),
      internal: worker.mandatory,
    },
    functions: own.map(functionSummary),
    trigger_types: sortedTypes(typesOf(worker, triggers)).map(typeSummary),
    registered_triggers: sortedBindings(bound).map((binding) => bindingSummary(binding, functions)),
  };
}

function typesOf(worker: ListedWorker, triggers: Triggers): TriggerTypeEntry[] {
  const { session } = worker;
  if (session !== undefined) return [...session.triggerTypes].map((provider) => provider.entry);
  return [...triggers.placement.types.entries()].filter((type) => providerNameOf(type) === worker.name);
}
