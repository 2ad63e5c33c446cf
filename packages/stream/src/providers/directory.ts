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
   * Where an operation is provided; undefined when the built-in store keeps the stream.
   *
   * @throws StreamError STREAM_PROVIDER_UNAVAILABLE when it has been provided and is not any more.
   */
  async find(streamName: string, operation: ProvidedOperation): Promise<Target | undefined> {
    const [found] = await this.#look(streamName, [operation]);
    if (found?.isGone) throw unavailable(found.functionId);
    return found?.target;
  }

  /**
   * How a stream is updated: by a function of its own, or by its `get` and `set`; undefined in the built-in store.
   *
   * @throws StreamError STREAM_PROVIDER_UNAVAILABLE
   */
  async findUpdate(streamName: string): Promise<ProvidedUpdate | undefined> {
    const found = await this.#look(streamName, ['update', 'get', 'set']);
    const [update, get, set] = found.map(({ target }) => target);
    if (update !== undefined) return { update };
    if (get !== undefined && set !== undefined) return { get, set };
    const gone = found.find(({ isGone }) => isGone);
    if (gone !== undefined) throw unavailable(gone.functionId);
    return undefined;
  }

  async #look(streamName: string, operations: readonly ProvidedOperation[]): Promise<Found[]> {
    const ids = operations.map((operation) => providedId(operation, streamName));
    const { functions } = await this.iii.trigger<object, { functions: FunctionRow[] }>({
      function_id: EngineFunction.FunctionInfo,
      payload: { function_ids: ids },
    });
    return functions.map(({ function_id: functionId, namespace, error }) => {
      if (error !== undefined) return { functionId, target: undefined, isGone: this.#seen.has(functionId) };
      this.#remember(functionId);
      return { functionId, target: { functionId, namespace }, isGone: false };
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

export type ProvidedUpdate = { readonly update: Target } | { readonly get: Target; readonly set: Target };

interface Found {
  readonly functionId: string;
  readonly target: Target | undefined;
  /** It has been provided before, and is not now. */
  readonly isGone: boolean;
}

/** As the engine describes a function, or says that there is none. */
interface FunctionRow {
  readonly function_id: string;
  readonly namespace?: string;
  readonly error?: string;
}
