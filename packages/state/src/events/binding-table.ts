import type { Address } from '../adapter.js';
import type { Binding } from './binding.js';

type ByKey = Map<string | undefined, Map<string, Binding>>;

/** Bindings, found by the address of what happened: at most four look-ups, however many bindings there are. */
export class BindingTable {
  readonly #byId = new Map<string, Binding>();
  /** By the scope they ask for, then by the key; undefined asks for none in particular. */
  readonly #byScope = new Map<string | undefined, ByKey>();

  get size(): number {
    return this.#byId.size;
  }

  get ids(): Iterable<string> {
    return this.#byId.keys();
  }

  get(id: string): Binding | undefined {
    return this.#byId.get(id);
  }

  /** Takes the place of a binding with the same id. */
  put(binding: Binding): void {
    this.remove(binding.id);
    this.#byId.set(binding.id, binding);
    const byKey: ByKey = this.#byScope.get(binding.scope) ?? new Map();
    this.#byScope.set(binding.scope, byKey);
    const same = byKey.get(binding.key) ?? new Map<string, Binding>();
    byKey.set(binding.key, same);
    same.set(binding.id, binding);
  }

  remove(id: string): void {
    const binding = this.#byId.get(id);
    if (binding === undefined) return;
    this.#byId.delete(id);
    const byKey = this.#byScope.get(binding.scope);
    const same = byKey?.get(binding.key);
    same?.delete(id);
    if (same?.size === 0) byKey?.delete(binding.key);
    if (byKey?.size === 0) this.#byScope.delete(binding.scope);
  }

  matching({ scope, key }: Address): Binding[] {
    if (this.#byId.size === 0) return [];
    const found: Binding[] = [];
    for (const byKey of [this.#byScope.get(scope), this.#byScope.get(undefined)]) {
      if (byKey === undefined) continue;
      for (const same of [byKey.get(key), byKey.get(undefined)]) {
        if (same !== undefined) found.push(...same.values());
      }
    }
    return found;
  }
}

export function matches(binding: Binding, { scope, key }: Address): boolean {
  return (
    (binding.scope === undefined || binding.scope === scope) &&
    (binding.key === undefined || binding.key === key)
  );
}
