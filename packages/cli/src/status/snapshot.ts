import { EngineFunction, parseRaw, RESERVED_PREFIX, rawFromValue, USUAL_PROVIDER } from 'iii-protocol';
import type { EngineConnection } from '../engine/connection.js';
import { RemoteError } from '../errors.js';
import { type Fields, fieldsOf, rowsOf, textOf } from './fields.js';

/** Commands at terminals are connections like workers, but nobody wants to read about them. */
const COMMAND_PREFIX = 'iii-cli:';

/** A trigger that fires nothing for now. */
export interface WaitingTrigger {
  readonly id: string;
  readonly trigger_type: string;
  readonly function_id: string;
  readonly namespace: string;
  /** `no_provider`: nobody serves its type. `not_accepted`: somebody does, and does not have this trigger. */
  readonly reason: 'no_provider' | 'not_accepted';
  /** The worker that usually serves its type, where there is one. */
  readonly usual_provider?: string;
}

/** What an engine tells about itself in one go. */
export interface Snapshot {
  /** The members of `engine::status`; of an engine without it, those the listings tell. */
  readonly engine: Fields;
  /** Rows of `engine::workers::list`, without commands like this one; undefined when it does not tell. */
  readonly workers: readonly Fields[] | undefined;
  readonly waiting: readonly WaitingTrigger[];
}

/**
 * Reads everything there is to show. Engines without `engine::status` are asked for their listings instead.
 *
 * @param timeoutMs milliseconds each answer may take.
 * @throws RemoteError when the engine refuses to tell anything.
 * @throws CliError when it does not answer.
 */
export async function readSnapshot(connection: EngineConnection, timeoutMs: number): Promise<Snapshot> {
  const ask = (functionId: string, payload: object = {}) =>
    connection
      .call({ functionId, payload: rawFromValue(payload), timeoutMs })
      .then((answer) => fieldsOf(answer === undefined ? undefined : parseRaw(answer)));
  const [status, listed] = await Promise.all([
    refusable(ask(EngineFunction.Status)),
    refusable(ask(EngineFunction.ListWorkers, { include_all: true })),
  ]);
  if (status instanceof RemoteError && listed instanceof RemoteError) throw listed;
  const workers =
    listed instanceof RemoteError ? undefined : rowsOf(listed.workers).filter((row) => !isCommand(row));
  const isQuiet = !(status instanceof RemoteError) && fieldsOf(status.triggers).pending === 0;
  if (isQuiet) return { engine: status, workers, waiting: [] };
  const [triggers, types] = await Promise.all([
    refusable(ask(EngineFunction.ListTriggers, { include_pending: true })),
    refusable(ask(EngineFunction.ListTriggerTypes, { include_internal: true })),
  ]);
  const waiting = waitingAmong(rowsOf(told(triggers).registered_triggers), rowsOf(told(types).triggers));
  if (!(status instanceof RemoteError)) return { engine: status, workers, waiting };
  const functions = await refusable(ask(EngineFunction.ListFunctions));
  return { engine: derived({ workers, functions, triggers, types }), workers, waiting };
}

type Answer = Fields | RemoteError;

/** An answer that may be a refusal: the engine does not have the function, or not for everybody. */
function refusable(answer: Promise<Fields>): Promise<Answer> {
  return answer.catch((error: unknown) => {
    if (error instanceof RemoteError) return error;
    throw error;
  });
}

function told(answer: Answer): Fields {
  return answer instanceof RemoteError ? {} : answer;
}

function waitingAmong(triggers: readonly Fields[], types: readonly Fields[]): WaitingTrigger[] {
  const served = new Set(types.map(({ id }) => id));
  return triggers
    .filter(({ status }) => status === 'pending')
    .map((row) => {
      const type = textOf(row.trigger_type) ?? '';
      // Types have whatever names their workers gave them, those of members of every object included.
      const usual = Object.hasOwn(USUAL_PROVIDER, type) ? USUAL_PROVIDER[type] : undefined;
      return {
        id: textOf(row.id) ?? '',
        trigger_type: type,
        function_id: textOf(row.function_id) ?? '',
        namespace: textOf(row.namespace) ?? 'default',
        reason: served.has(type) ? 'not_accepted' : 'no_provider',
        ...(usual === undefined ? {} : { usual_provider: usual }),
      };
    });
}

/** Members of a status as far as listings tell them. */
function derived(answers: {
  readonly workers: readonly Fields[] | undefined;
  readonly functions: Answer;
  readonly triggers: Answer;
  readonly types: Answer;
}): Fields {
  const { workers, functions, triggers, types } = answers;
  const bound = rowsOf(told(triggers).registered_triggers);
  const pending = bound.filter(({ status }) => status === 'pending').length;
  return {
    ...(workers === undefined ? {} : { ...versionOf(workers), workers: headcount(workers) }),
    ...(functions instanceof RemoteError ? {} : { functions: rowsOf(functions.functions).length }),
    ...(types instanceof RemoteError
      ? {}
      : {
          trigger_types: rowsOf(types.triggers).filter(
            ({ id }) => textOf(id)?.startsWith(RESERVED_PREFIX) !== true,
          ).length,
        }),
    ...(triggers instanceof RemoteError ? {} : { triggers: { live: bound.length - pending, pending } }),
  };
}

/** Workers of the engine itself have its version. */
function versionOf(workers: readonly Fields[]): Fields {
  const version = textOf(workers.find(isInProcess)?.version);
  return version === undefined ? {} : { version };
}

/** How many workers there are on either side of the engine’s process. */
export function headcount(workers: readonly Fields[]): { connected: number; in_process: number } {
  const inside = workers.filter(isInProcess).length;
  return { connected: workers.length - inside, in_process: inside };
}

function isCommand(worker: Fields): boolean {
  return textOf(worker.name)?.startsWith(COMMAND_PREFIX) === true;
}

export function isInProcess(worker: Fields): boolean {
  return worker.runtime === 'engine' || worker.isolation === 'in-process';
}
