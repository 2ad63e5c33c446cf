import type { KeyText, TextRange } from '../key-text.js';
import { SortedMap } from './sorted-map.js';

/**
 * Values by keys, found by hash, and in byte order for those who ask for it: keys are put in order when that is, not when
 * they come.
 */
export class LateSortedMap<V> {
  readonly #values = new Map<KeyText, V>();
  #sorted: SortedMap<undefined> | undefined;
  /** Not in order yet. */
  #late: KeyText[] = [];

  get size(): number {
    return this.#values.size;
  }

  get(key: KeyText): V | undefined {
    return this.#values.get(key);
  }

  /** @returns whether the key is new. */
  set(key: KeyText, value: V): boolean {
    const before = this.#values.size;
    this.#values.set(key, value);
    if (this.#values.size === before) return false;
    this.#late.push(key);
    return true;
  }

  delete(key: KeyText): boolean {
    if (!this.#values.delete(key)) return false;
    this.#inOrder().delete(key);
    return true;
  }

  /** All keys, in order. */
  keys(): KeyText[] {
    // Cheaper than a tree that nobody may need again. What sorts texts by itself does so in the order of their bytes.
    return this.#sorted === undefined
      ? this.#late.toSorted()
      : [...this.#inOrder().range()].map(([key]) => key);
  }

  /** Everything, in any order. */
  forEach(visit: (value: V, key: KeyText) => void): void {
    this.#values.forEach(visit);
  }

  *range(range?: TextRange): IterableIterator<readonly [KeyText, V]> {
    if (this.#values.size === 0) return;
    for (const [key] of this.#inOrder().range(range)) yield [key, this.#valueOf(key)];
  }

  #valueOf(key: KeyText): V {
    return this.#values.get(key) as V;
  }

  #inOrder(): SortedMap<undefined> {
    this.#sorted ??= new SortedMap();
    for (const key of this.#late) this.#sorted.set(key, undefined);
    this.#late = [];
    return this.#sorted;
  }
}
