import { compareKeys } from './key.js';
import { SortedMap } from './memory/sorted-map.js';
import type { Entry, KeyRange, Reads } from './store.js';

/** Stands for a key that has been deleted. */
const DELETED = Symbol('deleted');

/** Writes that lie over what can be read below them, and can be dropped as if they had never been made. */
export class Overlay implements Reads {
  readonly #writes = new SortedMap<Uint8Array | typeof DELETED>();

  constructor(private below: Reads) {}

  /** What lay below has become part of what lies below that. */
  rebase(below: Reads): void {
    this.below = below;
  }

  get size(): number {
    return this.#writes.size;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const written = this.#writes.get(key);
    if (written === undefined) return this.below.get(key);
    return written === DELETED ? undefined : written;
  }

  has(key: Uint8Array): boolean {
    const written = this.#writes.get(key);
    return written === undefined ? this.below.has(key) : written !== DELETED;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#writes.set(key, value);
  }

  delete(key: Uint8Array): void {
    this.#writes.set(key, DELETED);
  }

  /** What was written, in order of keys; undefined for what was deleted. */
  *writes(): IterableIterator<readonly [key: Uint8Array, value: Uint8Array | undefined]> {
    for (const [key, value] of this.#writes.range()) yield [key, value === DELETED ? undefined : value];
  }

  /** Both layers in one order; where both have a key, what was written counts. */
  *range(range: KeyRange = {}): IterableIterator<Entry> {
    const direction = range.reverse ? -1 : 1;
    const above = this.#writes.range(range)[Symbol.iterator]();
    const below = this.below.range(range)[Symbol.iterator]();
    let upper = above.next();
    let lower = below.next();
    while (!upper.done || !lower.done) {
      const order = upper.done
        ? 1
        : lower.done
          ? -1
          : direction * compareKeys(upper.value[0], lower.value[0]);
      if (order > 0 && !lower.done) {
        yield lower.value;
        lower = below.next();
        continue;
      }
      if (order === 0) lower = below.next();
      if (upper.done) continue;
      const [key, value] = upper.value;
      if (value !== DELETED) yield [key, value];
      upper = above.next();
    }
  }
}
