import type { Clock, Timer } from 'iii-protocol';
import type { Binding } from './binding.js';
import type { BindingTable } from './binding-table.js';

/** Pause before what a provider refused is offered again because something else was released. */
const AFTER_RELEASE_MS = 250;

interface Rejected {
  /** How often the provider has refused it. */
  times: number;
  timer: Timer | undefined;
}

/**
 * Offers bindings again that their provider refused (protocol.md §19.22): after pauses that grow and end, and soon
 * after another binding of the type was released, since that may have been what was in the way.
 */
export class RejectionRetries {
  readonly #rejected = new Map<Binding, Rejected>();
  /** By the id of the trigger type. */
  readonly #afterRelease = new Map<string, Timer>();

  constructor(
    private readonly clock: Clock,
    private readonly pausesMs: readonly number[],
    private readonly bindings: BindingTable,
    private readonly again: (binding: Binding) => void,
  ) {}

  /** A provider has refused a binding, which is parked by now. Returns whether this was the first time. */
  rejected(binding: Binding): boolean {
    const known = this.#rejected.get(binding) ?? { times: 0, timer: undefined };
    this.#rejected.set(binding, known);
    const pause = this.pausesMs[known.times];
    known.times++;
    this.#cancel(known);
    if (pause !== undefined) known.timer = this.clock.setTimeout(() => this.#offer(binding, known), pause);
    return known.times === 1;
  }

  /** The binding is gone, or somebody else decides over it. */
  forget(binding: Binding): void {
    const known = this.#rejected.get(binding);
    if (known === undefined) return;
    this.#cancel(known);
    this.#rejected.delete(binding);
  }

  /** A live binding of this type was released. */
  released(triggerType: string): void {
    if (this.#rejected.size === 0 || this.#afterRelease.has(triggerType)) return;
    const timer = this.clock.setTimeout(() => {
      this.#afterRelease.delete(triggerType);
      for (const binding of this.bindings.parkedOf(triggerType)) {
        const known = this.#rejected.get(binding);
        if (known !== undefined) this.#offer(binding, known);
      }
    }, AFTER_RELEASE_MS);
    this.#afterRelease.set(triggerType, timer);
  }

  close(): void {
    for (const known of this.#rejected.values()) this.#cancel(known);
    for (const timer of this.#afterRelease.values()) this.clock.clearTimeout(timer);
    this.#rejected.clear();
    this.#afterRelease.clear();
  }

  #offer(binding: Binding, known: Rejected): void {
    this.#cancel(known);
    this.again(binding);
  }

  #cancel(known: Rejected): void {
    if (known.timer !== undefined) this.clock.clearTimeout(known.timer);
    known.timer = undefined;
  }
}
