import { compareKeys } from '../key.js';
import type { KeyRange } from '../store.js';
import { SortedMap } from './sorted-map.js';

interface Slot<V> {
  readonly key: Uint8Array;
  value: V;
}

/**
 * Values by keys, found by hash, and in byte order for those who ask for it: keys are put in order when that is, not when
 * they come.
 */
export class LateSortedMap<V> {
  readonly #slots = new Map<string, Slot<V>>();
  #sorted: SortedMap<Slot<V>> | undefined;
  /** Not in order yet. */
  #late: Slot<V>[] = [];

  get size(): number {
    return this.#slots.size;
  }

  get(key: Uint8Array): V | undefined {
    return this.#slots.get(textOf(key))?.value;
  }

  /** @returns whether the key is new. It is kept, and must not change. */
  set(key: Uint8Array, value: V): boolean {
    const text = textOf(key);
    const slot = this.#slots.get(text);
    if (slot !== undefined) {
      slot.value = value;
      return false;
    }
    const made = { key, value };
    this.#slots.set(text, made);
    this.#late.push(made);
    return true;
  }

  delete(key: Uint8Array): boolean {
    if (!this.#slots.delete(textOf(key))) return false;
    this.#inOrder().delete(key);
    return true;
  }

  /** Everything, in order. */
  *entries(): IterableIterator<readonly [Uint8Array, V]> {
    if (this.#sorted !== undefined) yield* this.range();
    // Cheaper than a tree that nobody may need again.
    else for (const { key, value } of this.#late.toSorted(bySlotKey)) yield [key, value];
  }

  *range(range?: KeyRange): IterableIterator<readonly [Uint8Array, V]> {
    if (this.#slots.size === 0) return;
    for (const [key, { value }] of this.#inOrder().range(range)) yield [key, value];
  }

  #inOrder(): SortedMap<Slot<V>> {
    this.#sorted ??= new SortedMap();
    for (const slot of this.#late) this.#sorted.set(slot.key, slot);
    this.#late = [];
    return this.#sorted;
  }
}

function bySlotKey(a: Slot<unknown>, b: Slot<unknown>): number {
  return compareKeys(a.key, b.key);
}

/** What `buffer.toString('latin1')` does, for any bytes. Node has it, its types do not. */
const { latin1Slice } = Buffer.prototype as Buffer & {
  latin1Slice(this: Uint8Array, from: number, to: number): string;
};

/** One character for each byte. */
function textOf(key: Uint8Array): string {
  return latin1Slice.call(key, 0, key.length);
}
