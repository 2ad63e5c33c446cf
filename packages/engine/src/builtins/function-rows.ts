import { type MixedJson, RESERVED_PREFIX } from 'iii-protocol';
import type { FunctionEntry, FunctionProvider } from '../routing/function-table.js';
import type { Binding } from '../triggers/binding.js';

/** Functions of the queue worker that are shown although their ids look like the engine’s (protocol.md §9.1). */
const SHOWN_PREFIX = 'engine::queue::';

/** The owner’s name, or what its id suggests when the owner has none. */
export function workerNameOf(entry: FunctionEntry): string {
  return providerName(entry.principal) ?? firstSegment(entry.id);
}

function providerName(provider: FunctionProvider | undefined): string | undefined {
  if (provider === undefined) return undefined;
  return provider.kind === 'builtin' ? provider.builtin.workerName : provider.session.name;
}

/** Names of all workers that offer a function. */
export function workerNamesOf(entry: FunctionEntry): string[] {
  const names = entry.providers.map((provider) => providerName(provider) ?? firstSegment(entry.id));
  return [...new Set(names)];
}

export function firstSegment(id: string): string {
  return id.split('::', 1)[0] ?? id;
}

export function isReserved(id: string): boolean {
  return id.startsWith(RESERVED_PREFIX) && !id.startsWith(SHOWN_PREFIX);
}

export function isHidden(entry: FunctionEntry): boolean {
  return isReserved(entry.id) || entry.principal?.description.internal === true;
}

export function functionSummary(entry: FunctionEntry): { readonly [name: string]: MixedJson } {
  const description = entry.principal?.description;
  return {
    function_id: entry.id,
    namespace: entry.namespace,
    worker_name: workerNameOf(entry),
    description: description?.description,
    metadata: description?.metadata,
  };
}

export function functionDetail(
  entry: FunctionEntry,
  bindings: Iterable<Binding>,
): { readonly [name: string]: MixedJson } {
  const description = entry.principal?.description;
  const bound = [...bindings].filter(
    ({ state, definition }) =>
      state.status === 'live' &&
      definition.functionId === entry.id &&
      definition.namespace === entry.namespace,
  );
  return {
    function_id: entry.id,
    namespace: entry.namespace,
    worker_name: workerNameOf(entry),
    description: description?.description,
    request_schema: description?.requestFormat,
    response_schema: description?.responseFormat,
    metadata: description?.metadata,
    registered_triggers: bound.map(({ definition }) => ({
      id: definition.id,
      trigger_type: definition.triggerType,
      config: definition.config,
    })),
  };
}

/** Ranks of a search: the id starts with it or a segment equals it, the id contains it, only the description does. */
export function searchRank(id: string, description: string | undefined, search: string): number | undefined {
  const needle = search.toLowerCase();
  const lower = id.toLowerCase();
  if (lower.startsWith(needle) || lower.split('::').includes(needle)) return 0;
  if (lower.includes(needle)) return 1;
  return description?.toLowerCase().includes(needle) ? 2 : undefined;
}

export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
