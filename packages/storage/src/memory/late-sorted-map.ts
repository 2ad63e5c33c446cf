import { compareTexts, type KeyText, type TextRange } from '../key-text.js';
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

  /** Everything, in order. */
  *entries(): IterableIterator<readonly [KeyText, V]> {
    if (this.#sorted !== undefined) yield* this.range();
    // Cheaper than a tree that nobody may need again.
    else for (const key of this.#late.toSorted(compareTexts)) yield [key, this.#valueOf(key)];
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
