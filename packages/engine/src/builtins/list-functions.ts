import { EngineFunction, LIMITS, type MixedJson } from 'iii-protocol';
import type { EngineFunctionInput } from 'iii-protocol/engine-functions';
import { EngineError } from '../errors.js';
import type { FunctionEntry, FunctionTable } from '../routing/function-table.js';
import type { Triggers } from '../triggers/triggers.js';
import { addBuiltin } from './builtin.js';
import {
  byText,
  functionDetail,
  functionSummary,
  isHidden,
  searchRank,
  workerNamesOf,
} from './function-rows.js';
import { locate } from './locate.js';

/** `engine::functions::list` and `engine::functions::info` (protocol.md §9.1, §9.2). */
export function addFunctionListings(functions: FunctionTable, triggers: Triggers): void {
  addBuiltin(functions, EngineFunction.ListFunctions, (input) => ({
    functions: listFunctions(functions, input).map(functionSummary),
  }));
  addBuiltin(functions, EngineFunction.FunctionInfo, (input) => functionInfo(functions, triggers, input));
}

export function listFunctions(
  functions: FunctionTable,
  input: EngineFunctionInput<'engine::functions::list'>,
): FunctionEntry[] {
  const wanted = [...(input.workers ?? []), ...(typeof input.worker === 'string' ? [input.worker] : [])];
  const rows = [...functions.entries()]
    .filter((entry) => input.include_internal === true || !isHidden(entry))
    .filter((entry) => !input.prefix || entry.id.startsWith(input.prefix))
    .filter((entry) => wanted.length === 0 || workerNamesOf(entry).some((name) => wanted.includes(name)))
    .map((entry) => ({
      entry,
      rank: input.search ? searchRank(entry.id, entry.principal?.description.description, input.search) : 0,
    }))
    .filter((row): row is { entry: FunctionEntry; rank: number } => row.rank !== undefined);
  rows.sort(
    (a, b) =>
      a.rank - b.rank || byText(a.entry.id, b.entry.id) || byText(a.entry.namespace, b.entry.namespace),
  );
  return rows.map((row) => row.entry);
}

function functionInfo(
  functions: FunctionTable,
  triggers: Triggers,
  input: EngineFunctionInput<'engine::functions::info'>,
): MixedJson {
  const one = input.function_id ?? undefined;
  const many = input.function_ids ?? undefined;
  if ((one === undefined) === (many === undefined)) {
    throw new EngineError('INVALID_ARGUMENTS', 'give either function_id or function_ids');
  }
  const namespace = input.namespace ?? undefined;
  const find = (id: string) =>
    locate(
      'function',
      id,
      namespace,
      (ns) => functions.find(ns, id),
      () => functions.namespacesOf(id),
    );
  if (one !== undefined) return functionDetail(find(one), triggers.bindings.values());
  const ids = [...new Set(many)];
  if (ids.length === 0 || ids.length > LIMITS.functionIdsPerInfo) {
    const message = `function_ids takes 1 to ${LIMITS.functionIdsPerInfo} different ids, not ${ids.length}`;
    throw new EngineError('INVALID_ARGUMENTS', message);
  }
  return {
    functions: ids.map((id) => {
      try {
        return functionDetail(find(id), triggers.bindings.values());
      } catch (error) {
        if (error instanceof EngineError && error.code === 'NOT_FOUND') {
          return { function_id: id, error: 'not_found' };
        }
        throw error;
      }
    }),
  };
}
