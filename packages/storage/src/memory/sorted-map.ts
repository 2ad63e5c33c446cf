import sortedBTree from 'sorted-btree';
import { compareKeys } from '../key.js';
import type { KeyRange } from '../store.js';

/** Node hands out the whole CommonJS module as its default; tools that follow bundlers hand out the class. */
const BTree: typeof sortedBTree.default =
  'default' in sortedBTree ? sortedBTree.default : (sortedBTree as never);

/** Values by keys in byte order. */
export class SortedMap<V> {
  readonly #tree = new BTree<Uint8Array, V>(undefined, compareKeys);

  get size(): number {
    return this.#tree.size;
  }

  get(key: Uint8Array): V | undefined {
    return this.#tree.get(key);
  }

  /** @returns whether the key is new. */
  set(key: Uint8Array, value: V): boolean {
    return this.#tree.set(key, value);
  }

  delete(key: Uint8Array): boolean {
    return this.#tree.delete(key);
  }

  clear(): void {
    this.#tree.clear();
  }

  *range({ from, to, reverse }: KeyRange = {}): IterableIterator<readonly [Uint8Array, V]> {
    if (reverse) {
      for (const entry of to === undefined ? this.#tree.entriesReversed() : this.#tree.entriesReversed(to)) {
        const order = to === undefined ? -1 : compareKeys(entry[0], to);
        if (order >= 0) continue;
        if (from !== undefined && compareKeys(entry[0], from) < 0) return;
        yield entry;
      }
      return;
    }
    for (const entry of this.#tree.entries(from)) {
      if (to !== undefined && compareKeys(entry[0], to) >= 0) return;
      yield entry;
    }
  }
}
