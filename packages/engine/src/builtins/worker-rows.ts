import { DEFAULT_NAMESPACE, type MixedJson } from 'iii-protocol';
import type { FunctionEntry, FunctionTable } from '../routing/function-table.js';
import type { Session } from '../sessions/session.js';
import type { EngineWorker } from '../sessions/session-table.js';
import { byText, workerNamesOf } from './function-rows.js';

/** A worker as listings see it, wherever it runs. */
export interface ListedWorker {
  readonly name: string | undefined;
  readonly namespace: string;
  /** Whether it is shown without being asked for: it runs here, or has told its process id (protocol.md §9.7). */
  readonly listed: boolean;
  readonly mandatory: boolean;
  readonly pid: number | undefined;
  readonly session: Session | undefined;
  readonly functions: readonly FunctionEntry[];
  readonly row: { readonly [name: string]: MixedJson };
}

export function listedSession(session: Session): ListedWorker {
  const { info, inProcess } = session;
  const functions = [...session.functions.values()].flatMap((provider) =>
    provider.entry.serving.includes(provider) ? [provider.entry] : [],
  );
  const inside = inProcess === undefined ? undefined : insideRow(inProcess, session.connectedAtMs, functions);
  return {
    name: session.name,
    namespace: session.namespace,
    listed: inProcess !== undefined || info.pid !== undefined,
    mandatory: inProcess?.mandatory === true,
    pid: info.pid,
    session,
    functions,
    row: inside ?? {
      name: info.name ?? null,
      description: info.description ?? null,
      version: info.version ?? null,
      id: session.id,
      namespace: session.namespace,
      runtime: info.runtime ?? null,
      os: info.os ?? null,
      status: 'connected',
      ...functionMembers(functions),
      connected_at_ms: session.connectedAtMs,
      active_invocations: session.executing.size + session.waiting.size,
      isolation: info.isolation ?? null,
      ip_address: session.peer.remoteAddress ?? null,
    },
  };
}

/** A worker of the engine without a session; its functions are the built-in ones listed under its name. */
export function listedEngineWorker(worker: EngineWorker, table: FunctionTable): ListedWorker {
  const functions = [...table.entries()].filter((entry) => workerNamesOf(entry).includes(worker.name));
  return {
    name: worker.name,
    namespace: DEFAULT_NAMESPACE,
    listed: true,
    mandatory: worker.mandatory === true,
    pid: undefined,
    session: undefined,
    functions,
    row: insideRow(worker, worker.startedAtMs, functions),
  };
}

function insideRow(
  worker: { name: string; instance: string; version: string; description?: string },
  startedAtMs: number,
  functions: readonly FunctionEntry[],
): ListedWorker['row'] {
  return {
    name: worker.name,
    description: worker.description ?? null,
    version: worker.version,
    id: worker.instance,
    namespace: DEFAULT_NAMESPACE,
    runtime: 'engine',
    os: null,
    status: 'available',
    ...functionMembers(functions),
    connected_at_ms: startedAtMs,
    active_invocations: 0,
    isolation: 'in-process',
    ip_address: null,
  };
}

/** Official Rust types need the ids beside their number (sdk-python-rust.md §32). */
function functionMembers(functions: readonly FunctionEntry[]): { readonly [name: string]: MixedJson } {
  return {
    function_count: functions.length,
    functions: functions.map((entry) => entry.id).sort(byText),
  };
}
