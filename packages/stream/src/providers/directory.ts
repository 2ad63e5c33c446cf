import { EngineFunction } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import type { Target } from '../caller.js';
import { StreamError } from '../errors.js';

/** Operations that a worker may take over for a stream. */
export type ProvidedOperation = 'get' | 'set' | 'delete' | 'update' | 'list' | 'list_groups';

/** Ids that are remembered as provided; beyond it the oldest are forgotten. */
const REMEMBERED = 10_000;

/** `stream::get(<name>)` */
export function providedId(operation: ProvidedOperation, streamName: string): string {
  return `stream::${operation}(${streamName})`;
}

/**
 * Who provides which operation of which stream (spec §2.9). The engine is asked each time: its news about functions come
 * late, and until then items would go to the wrong store.
 */
export class ProviderDirectory {
  /** What was provided once belongs to its provider, also while that is away (§2.13.11). */
  readonly #seen = new Set<string>();

  constructor(private readonly iii: IIIClient) {}

  /**
   * Where the operations are provided; undefined for those the built-in store keeps.
   *
   * @throws StreamError STREAM_PROVIDER_UNAVAILABLE when one has been provided and is not any more.
   */
  async find(
    streamName: string,
    operations: readonly ProvidedOperation[],
  ): Promise<ReadonlyArray<Target | undefined>> {
    const ids = operations.map((operation) => providedId(operation, streamName));
    const { functions } = await this.iii.trigger<object, { functions: FoundFunction[] }>({
      function_id: EngineFunction.FunctionInfo,
      payload: { function_ids: ids },
    });
    return functions.map(({ function_id: functionId, namespace, error }) => {
      if (error === undefined) {
        this.#remember(functionId);
        return { functionId, namespace };
      }
      if (this.#seen.has(functionId)) throw unavailable(functionId);
      return undefined;
    });
  }

  #remember(functionId: string): void {
    this.#seen.delete(functionId);
    this.#seen.add(functionId);
    if (this.#seen.size <= REMEMBERED) return;
    const [oldest] = this.#seen;
    if (oldest !== undefined) this.#seen.delete(oldest);
  }
}

export function unavailable(functionId: string): StreamError {
  return new StreamError('STREAM_PROVIDER_UNAVAILABLE', `nobody provides ${functionId} now`);
}

interface FoundFunction {
  readonly function_id: string;
  readonly namespace?: string;
  readonly error?: string;
}
