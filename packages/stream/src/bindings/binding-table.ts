import type { Binding } from './binding.js';

/** The bindings of one trigger type, found by stream. */
export class BindingTable {
  readonly #byId = new Map<string, Binding>();
  /** Those of one stream, and under undefined those of every stream; each in the order they were bound. */
  readonly #byStream = new Map<string | undefined, Map<string, Binding>>();

  get size(): number {
    return this.#byId.size;
  }

  /** Takes the place of the binding with the same id (spec §0.3). */
  put(binding: Binding): void {
    this.remove(binding.id);
    this.#byId.set(binding.id, binding);
    const bindings = this.#byStream.get(binding.streamName) ?? new Map<string, Binding>();
    bindings.set(binding.id, binding);
    this.#byStream.set(binding.streamName, bindings);
  }

  remove(id: string): void {
    const binding = this.#byId.get(id);
    if (binding === undefined) return;
    this.#byId.delete(id);
    const bindings = this.#byStream.get(binding.streamName);
    bindings?.delete(id);
    if (bindings?.size === 0) this.#byStream.delete(binding.streamName);
  }

  ids(): string[] {
    return [...this.#byId.keys()];
  }

  /** Whether this very binding has been neither replaced nor removed. */
  has(binding: Binding): boolean {
    return this.#byId.get(binding.id) === binding;
  }

  /** A list of its own: it stays as it is while bindings come and go. */
  of(streamName: string): Binding[] {
    return [
      ...(this.#byStream.get(undefined)?.values() ?? []),
      ...(this.#byStream.get(streamName)?.values() ?? []),
    ];
  }
}
