import type { RawJson } from 'iii-protocol';
import type { Session } from '../sessions/session.js';
import type { Binding } from './binding.js';

/** What listings tell of a trigger type. */
export interface TypeDescription {
  readonly description: string;
  /** Schema of a binding’s `config`. */
  readonly configFormat?: RawJson;
  /** Schema of the payload a target function receives. */
  readonly requestFormat?: RawJson;
  /** Schema of what a target function should return. */
  readonly responseFormat?: RawJson;
}

/** A trigger type served by the engine itself. */
export interface EngineTriggerProvider {
  /** Name of the engine’s worker it is listed under. */
  readonly workerName: string;
  /** @throws EngineError to refuse the binding. */
  register(binding: Binding): void;
  unregister(binding: Binding): void;
}

/** Someone who serves a trigger type. */
export type TypeProvider = {
  readonly entry: TriggerTypeEntry;
  description: TypeDescription;
} & (
  | { readonly kind: 'session'; readonly session: Session }
  | { readonly kind: 'engine'; readonly provider: EngineTriggerProvider }
);

/**
 * A trigger type in a namespace. The newest provider serves it; those before it stand by and take over again when
 * it leaves. Never without a provider while it is in the table.
 */
export class TriggerTypeEntry {
  readonly providers: TypeProvider[] = [];
  /** Live bindings of this type. */
  readonly bindings = new Set<Binding>();

  constructor(
    readonly namespace: string,
    readonly id: string,
  ) {}

  get active(): TypeProvider | undefined {
    return this.providers[this.providers.length - 1];
  }
}

/** Trigger types by namespace and id (protocol.md §6.1). */
export class TriggerTypeTable {
  readonly #namespaces = new Map<string, Map<string, TriggerTypeEntry>>();

  find(namespace: string, id: string): TriggerTypeEntry | undefined {
    return this.#namespaces.get(namespace)?.get(id);
  }

  *entries(): IterableIterator<TriggerTypeEntry> {
    for (const types of this.#namespaces.values()) yield* types.values();
  }

  /** The entry, made if there is none. The caller adds a provider to it at once. */
  open(namespace: string, id: string): TriggerTypeEntry {
    let types = this.#namespaces.get(namespace);
    if (types === undefined) {
      types = new Map();
      this.#namespaces.set(namespace, types);
    }
    let entry = types.get(id);
    if (entry === undefined) {
      entry = new TriggerTypeEntry(namespace, id);
      types.set(id, entry);
    }
    return entry;
  }

  /** Forgets an entry that has no provider left. */
  drop(entry: TriggerTypeEntry): void {
    const types = this.#namespaces.get(entry.namespace);
    if (types?.get(entry.id) === entry) types.delete(entry.id);
    if (types?.size === 0) this.#namespaces.delete(entry.namespace);
  }
}
