import sortedBTree from 'sorted-btree';
import { compareTexts, type KeyText, type TextRange } from '../key-text.js';

/** Node hands out the whole CommonJS module as its default; tools that follow bundlers hand out the class. */
const BTree: typeof sortedBTree.default =
  'default' in sortedBTree ? sortedBTree.default : (sortedBTree as never);

/** Values by keys in byte order. */
export class SortedMap<V> {
  readonly #tree = new BTree<KeyText, V>(undefined, compareTexts);

  get size(): number {
    return this.#tree.size;
  }

  get(key: KeyText): V | undefined {
    return this.#tree.get(key);
  }

  /** @returns whether the key is new. */
  set(key: KeyText, value: V): boolean {
    return this.#tree.set(key, value);
  }

  delete(key: KeyText): boolean {
    return this.#tree.delete(key);
  }

  clear(): void {
    this.#tree.clear();
  }

  *range({ from, to, reverse }: TextRange = {}): IterableIterator<readonly [KeyText, V]> {
    if (reverse) {
      for (const entry of to === undefined ? this.#tree.entriesReversed() : this.#tree.entriesReversed(to)) {
        if (to !== undefined && entry[0] >= to) continue;
        if (from !== undefined && entry[0] < from) return;
        yield entry;
      }
      return;
    }
    for (const entry of this.#tree.entries(from)) {
      if (to !== undefined && entry[0] >= to) return;
      yield entry;
    }
  }
}
