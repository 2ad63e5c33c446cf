import { compareTexts, type KeyText, type TextRange } from './key-text.js';
import { LateSortedMap } from './memory/late-sorted-map.js';

/** Stands for a key that has been deleted. */
export const DELETED = Symbol('deleted');

/** What has been written under a key: a value, or that there is none. */
export type Written = Uint8Array | typeof DELETED;

/** A write as it goes to a disk; undefined deletes. */
export type Write = readonly [key: KeyText, record: Uint8Array | undefined];

/** With the bytes of the key, where they are at hand. */
export type TextEntry = readonly [key: KeyText, value: Uint8Array, bytes?: Uint8Array];

/** What an overlay lies over. Values are as they lie there. */
export interface Layer {
  get(key: KeyText): Uint8Array | undefined;
  has(key: KeyText): boolean;
  /** Bytes of what is under a key; it need not be read for that. */
  size(key: KeyText): number | undefined;
  /** In byte order of keys. */
  range(range?: TextRange): Iterable<TextEntry>;
}

/** Writes that lie over what can be read below them, and can be dropped as if they had never been made. */
export class Overlay implements Layer {
  readonly #writes = new LateSortedMap<Written>();

  constructor(private below: Layer) {}

  /** What lay below has become part of what lies below that. */
  rebase(below: Layer): void {
    this.below = below;
  }

  /** How many writes there are. */
  get count(): number {
    return this.#writes.size;
  }

  get(key: KeyText): Uint8Array | undefined {
    return this.through(key, this.#writes.get(key));
  }

  /** What has been written here under a key, if anything has. */
  written(key: KeyText): Written | undefined {
    return this.#writes.get(key);
  }

  /** What is under a key, of which is known what has been written here. */
  through(key: KeyText, written: Written | undefined): Uint8Array | undefined {
    if (written === undefined) return this.below.get(key);
    return written === DELETED ? undefined : written;
  }

  size(key: KeyText): number | undefined {
    return this.sizeThrough(key, this.#writes.get(key));
  }

  /** The size of what is under a key, of which is known what has been written here. */
  sizeThrough(key: KeyText, written: Written | undefined): number | undefined {
    if (written === undefined) return this.below.size(key);
    return written === DELETED ? undefined : written.length;
  }

  has(key: KeyText): boolean {
    const written = this.#writes.get(key);
    return written === undefined ? this.below.has(key) : written !== DELETED;
  }

  put(key: KeyText, value: Uint8Array): void {
    this.#writes.set(key, value);
  }

  /** @returns whether nothing had been written here under the key. */
  putNew(key: KeyText, value: Uint8Array): boolean {
    return this.#writes.set(key, value);
  }

  /** Takes a write back: what had been written here before, if anything, counts again. */
  restore(key: KeyText, before: Written | undefined): void {
    if (before === undefined) this.#writes.delete(key);
    else this.#writes.set(key, before);
  }

  delete(key: KeyText): void {
    this.#writes.set(key, DELETED);
  }

  /** What was written, in order of keys. */
  writes(): Write[] {
    return this.#writes.keys().map((key) => writeOf(key, this.#writes.get(key)));
  }

  /** What was written, in any order. */
  unorderedWrites(): Write[] {
    const writes: Write[] = [];
    this.#writes.forEach((value, key) => {
      writes.push(writeOf(key, value));
    });
    return writes;
  }

  /** Both layers in one order; where both have a key, what was written counts. */
  range(range: TextRange = {}): Iterable<TextEntry> {
    const above = this.#writes.range(range)[Symbol.iterator]();
    const first = above.next();
    return first.done ? this.below.range(range) : this.#merged(range, above, first);
  }

  *#merged(
    range: TextRange,
    above: Iterator<readonly [KeyText, Written]>,
    first: IteratorResult<readonly [KeyText, Written]>,
  ): Generator<TextEntry> {
    const direction = range.reverse ? -1 : 1;
    const below = this.below.range(range)[Symbol.iterator]();
    let upper = first;
    try {
      let lower = below.next();
      while (!upper.done || !lower.done) {
        const order = upper.done
          ? 1
          : lower.done
            ? -1
            : direction * compareTexts(upper.value[0], lower.value[0]);
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
    } finally {
      // Who reads no further lets go of what a data file keeps for that.
      above.return?.();
      below.return?.();
    }
  }
}

function writeOf(key: KeyText, value: Written | undefined): Write {
  return [key, value === DELETED ? undefined : value];
}
