import type { Database } from 'lmdb';
import { STORAGE_LIMITS } from '../limits.js';
import type { Layer } from '../overlay.js';
import type { Entry, KeyRange } from '../store.js';

/** A named database: keys and values are bytes. */
export type ByteDatabase = Database<Uint8Array, Uint8Array>;

/** What LMDB has, as of the last commit. The database is looked up each time, for it may have been opened anew. */
export class LmdbReads implements Layer {
  constructor(private readonly database: () => ByteDatabase) {}

  get(key: Uint8Array): Uint8Array | undefined {
    return isPossible(key) ? this.database().getBinary(key) : undefined;
  }

  size(key: Uint8Array): number | undefined {
    // What this gives is only there until the next read; its length is all that is asked for.
    return isPossible(key) ? this.database().getBinaryFast(key)?.length : undefined;
  }

  has(key: Uint8Array): boolean {
    return isPossible(key) && this.database().doesExist(key);
  }

  *range(range: KeyRange = {}): IterableIterator<Entry> {
    for (const { key, value } of this.database().getRange(optionsOf(range))) yield [key, value];
  }
}

/** A point between keys: before or after this one. */
interface Bound {
  readonly key: Uint8Array;
  readonly isAfter: boolean;
}

function optionsOf({ from, to, reverse = false }: KeyRange) {
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
function boundOf(key: Uint8Array | undefined): Bound | undefined {
  const { keyBytes } = STORAGE_LIMITS;
  if (key === undefined || key.length <= keyBytes) return key && { key, isAfter: false };
  return { key: key.subarray(0, keyBytes), isAfter: true };
}

function isPossible(key: Uint8Array): boolean {
  return key.length > 0 && key.length <= STORAGE_LIMITS.keyBytes;
}
