import type { Binding } from './binding.js';
import type { TriggerTypeEntry } from './trigger-type.js';

/** Bindings by id across all namespaces, and those that are parked by the id of their type. */
export class BindingTable {
  readonly #byId = new Map<string, Binding>();
  readonly #parkedByType = new Map<string, Set<Binding>>();

  get(id: string): Binding | undefined {
    return this.#byId.get(id);
  }

  values(): IterableIterator<Binding> {
    return this.#byId.values();
  }

  parkedOf(triggerType: string): readonly Binding[] {
    return [...(this.#parkedByType.get(triggerType) ?? [])];
  }

  makeLive(binding: Binding, type: TriggerTypeEntry): void {
    this.#detach(binding);
    this.#byId.set(binding.definition.id, binding);
    binding.state = { status: 'live', type };
    type.bindings.add(binding);
  }

  park(binding: Binding, reason: 'no_provider' | 'rejected'): void {
    this.#detach(binding);
    this.#byId.set(binding.definition.id, binding);
    binding.state = { status: 'parked', reason };
    const { triggerType } = binding.definition;
    const parked = this.#parkedByType.get(triggerType);
    if (parked === undefined) this.#parkedByType.set(triggerType, new Set([binding]));
    else parked.add(binding);
  }

  remove(binding: Binding): void {
    this.#detach(binding);
    for (const owner of binding.owners) owner.bindings.delete(binding);
    if (this.#byId.get(binding.definition.id) === binding) this.#byId.delete(binding.definition.id);
  }

  #detach(binding: Binding): void {
    if (binding.state.status === 'live') {
      binding.state.type.bindings.delete(binding);
      return;
    }
    const { triggerType } = binding.definition;
    const parked = this.#parkedByType.get(triggerType);
    parked?.delete(binding);
    if (parked?.size === 0) this.#parkedByType.delete(triggerType);
  }
}
