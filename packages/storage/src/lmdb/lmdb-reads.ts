import type { Database } from 'lmdb';
import { type KeyText, keyBytesOf, type TextRange, textOf } from '../key-text.js';
import { STORAGE_LIMITS } from '../limits.js';
import type { Layer, TextEntry } from '../overlay.js';

/** A named database: keys and values are bytes. */
export type ByteDatabase = Database<Uint8Array, Uint8Array>;

/** What LMDB has, as of the last commit. The database is looked up each time, for it may have been opened anew. */
export class LmdbReads implements Layer {
  constructor(private readonly database: () => ByteDatabase) {}

  get(key: KeyText): Uint8Array | undefined {
    return isPossible(key) ? this.database().getBinary(keyBytesOf(key)) : undefined;
  }

  size(key: KeyText): number | undefined {
    // What this gives is only there until the next read; its length is all that is asked for.
    return isPossible(key) ? this.database().getBinaryFast(keyBytesOf(key))?.length : undefined;
  }

  has(key: KeyText): boolean {
    return isPossible(key) && this.database().doesExist(keyBytesOf(key));
  }

  *range(range: TextRange = {}): IterableIterator<TextEntry> {
    for (const { key, value } of this.database().getRange(optionsOf(range))) yield [textOf(key), value, key];
  }
}

/** A point between keys: before or after this one. */
interface Bound {
  readonly key: Uint8Array;
  readonly isAfter: boolean;
}

function optionsOf({ from, to, reverse = false }: TextRange) {
  const low = boundOf(from);
  const high = boundOf(to);
  return reverse
    ? {
        reverse,
        ...(high === undefined ? {} : { start: high.key, exclusiveStart: !high.isAfter }),
        ...(low === undefined ? {} : { end: low.key, inclusiveEnd: !low.isAfter }),
      }
    : {
        ...(low === undefined ? {} : { start: low.key, exclusiveStart: low.isAfter }),
        ...(high === undefined ? {} : { end: high.key, inclusiveEnd: high.isAfter }),
      };
}

/** LMDB takes no bounds that cannot be keys. */
function boundOf(key: KeyText | undefined): Bound | undefined {
  const { keyBytes } = STORAGE_LIMITS;
  if (key === undefined) return undefined;
  const bytes = keyBytesOf(key);
  return { key: bytes.subarray(0, keyBytes), isAfter: bytes.length > keyBytes };
}

function isPossible(key: KeyText): boolean {
  return key.length > 0 && key.length <= STORAGE_LIMITS.keyBytes;
}
