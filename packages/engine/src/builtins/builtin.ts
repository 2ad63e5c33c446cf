import {
  DEFAULT_NAMESPACE,
  isRawNull,
  type MixedJson,
  parseRaw,
  type RawJson,
  rawFromMixed,
  rawFromValue,
} from 'iii-protocol';
import {
  ENGINE_FUNCTIONS,
  type EngineFunctionId,
  type EngineFunctionInput,
} from 'iii-protocol/engine-functions';
import { type StaticDecode, type TSchema, Value } from 'iii-protocol/schema';
import { defined } from '../defined.js';
import { EngineError } from '../errors.js';
import { DEFAULT_BALANCE } from '../routing/balance.js';
import type { FunctionTable } from '../routing/function-table.js';
import type { Session } from '../sessions/session.js';
import { ENGINE_WORKER } from './worker-names.js';

/** What an engine function is given besides its input. */
export interface BuiltinContext {
  /** The session that calls; undefined for calls of the engine itself. */
  readonly caller: Session | undefined;
  /** The input as it came, for members that must be kept byte for byte. */
  readonly raw: RawJson;
}

export type BuiltinHandler<Id extends EngineFunctionId> = (
  input: EngineFunctionInput<Id>,
  context: BuiltinContext,
) => MixedJson | Promise<MixedJson>;

/** Adds an engine function whose input is checked against its schema before the handler sees it. */
export function addBuiltin<Id extends EngineFunctionId>(
  functions: FunctionTable,
  id: Id,
  handler: BuiltinHandler<Id>,
): void {
  const { description, request, response } = ENGINE_FUNCTIONS[id];
  functions.addBuiltin(
    DEFAULT_NAMESPACE,
    id,
    {
      workerName: ENGINE_WORKER,
      run: (data, caller) => {
        const input = readInput(id, request, data) as EngineFunctionInput<Id>;
        const output = handler(input, { caller, raw: data });
        return output instanceof Promise
          ? output.then((value) => ({ result: rawFromMixed(value) }))
          : { result: rawFromMixed(output) };
      },
    },
    {
      internal: false,
      balance: DEFAULT_BALANCE,
      ...defined({
        description,
        requestFormat: rawFromValue(request),
        responseFormat: rawFromValue(response),
      }),
    },
  );
}

/** `null` counts as no arguments (protocol.md §19.1). */
function readInput<S extends TSchema>(id: string, schema: S, data: RawJson): StaticDecode<S> {
  const value = isRawNull(data) ? {} : parseRaw(data);
  if (Value.Check(schema, value)) return value;
  const problem = Value.Errors(schema, value).First();
  const where = problem === undefined || problem.path === '' ? 'the input' : problem.path.slice(1);
  throw new EngineError(
    'deserialization_error',
    `Failed to deserialize input for ${id}: ${where}: ${problem?.message ?? 'unexpected value'}`,
  );
}
