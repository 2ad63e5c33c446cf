import { StorageError } from './errors.js';
import { STORAGE_LIMITS } from './limits.js';

const NAME = /^[\w.#-]{1,64}$/;

/** @throws StorageError INVALID_NAME */
export function checkName(name: string): void {
  if (!NAME.test(name)) throw new StorageError('INVALID_NAME', `a store cannot be called "${name}"`);
}

/** @throws StorageError INVALID_KEY, KEY_TOO_LONG, VALUE_TOO_LARGE */
export function checkEntry(key: Uint8Array, value: Uint8Array): void {
  const { keyBytes, valueBytes } = STORAGE_LIMITS;
  if (key.length === 0) {
    throw new StorageError('INVALID_KEY', 'a key of no bytes: a store takes keys of one byte or more');
  }
  if (key.length > keyBytes) {
    throw new StorageError(
      'KEY_TOO_LONG',
      `a key of ${key.length} bytes is longer than the ${keyBytes} there may be`,
    );
  }
  if (value.length > valueBytes) {
    throw new StorageError(
      'VALUE_TOO_LARGE',
      `a value of ${value.length} bytes is larger than the ${valueBytes} there may be`,
    );
  }
}

/** What a store holds, counted in entries and in bytes of keys and values. */
export interface Totals {
  readonly entries: number;
  readonly bytes: number;
}

/** Counts a transaction as it goes, and refuses what would be too much. */
export class Budget {
  #entries: number;
  #bytes: number;

  constructor(
    private readonly store: string,
    before: Totals,
    private readonly maxBytes: number,
  ) {
    this.#entries = before.entries;
    this.#bytes = before.bytes;
  }

  get totals(): Totals {
    return { entries: this.#entries, bytes: this.#bytes };
  }

  /**
   * @param before size of what it takes the place of; undefined when there is nothing.
   * @throws StorageError STORE_FULL; what makes a store smaller is never refused.
   */
  replace(before: number | undefined, after: number): void {
    const bytes = this.#bytes - (before ?? 0) + after;
    if (bytes > this.maxBytes && bytes > this.#bytes) {
      throw new StorageError(
        'STORE_FULL',
        `the store ${this.store} may hold ${this.maxBytes} bytes, and this would make it ${bytes}`,
      );
    }
    this.#bytes = bytes;
    if (before === undefined) this.#entries++;
  }

  remove(before: number): void {
    this.#bytes -= before;
    this.#entries--;
  }
}
