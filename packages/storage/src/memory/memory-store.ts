import { StorageError } from '../errors.js';
import { STORAGE_LIMITS } from '../limits.js';
import { Overlay } from '../overlay.js';
import type { Durability, Entry, KeyRange, OpenStore, Store, StoreFigures, Transaction } from '../store.js';
import { SortedMap } from './sorted-map.js';

/** A store that ends with its process. What it acknowledges is in memory, whatever durability it was asked for. */
export class MemoryStore implements Store {
  readonly name: string;
  readonly durability: Durability = 'memory';
  readonly #entries = new SortedMap<Uint8Array>();
  readonly #maxBytes: number;
  #bytes = 0;
  #transactions = 0;
  #isOpen = true;

  constructor(
    { name, maxBytes }: OpenStore,
    private readonly closed: () => void = () => {},
  ) {
    this.name = name;
    this.#maxBytes = maxBytes ?? Number.POSITIVE_INFINITY;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#requireOpen();
    return this.#entries.get(key);
  }

  has(key: Uint8Array): boolean {
    return this.get(key) !== undefined;
  }

  range(range?: KeyRange): Iterable<Entry> {
    this.#requireOpen();
    return this.#entries.range(range);
  }

  async transaction<T>(work: (tx: Transaction) => T): Promise<T> {
    this.#requireOpen();
    const written = new Overlay(this);
    let bytes = this.#bytes;
    const result = work({
      get: (key) => written.get(key),
      has: (key) => written.has(key),
      range: (range) => written.range(range),
      put: (key, value) => {
        bytes += checkedSize(key, value) - sizeOf(key, written.get(key));
        if (bytes > this.#maxBytes && bytes > this.#bytes) throw storeFull(this.name, this.#maxBytes);
        written.put(Uint8Array.from(key), Uint8Array.from(value));
      },
      delete: (key) => {
        const before = written.get(key);
        if (before === undefined) return false;
        bytes -= sizeOf(key, before);
        written.delete(Uint8Array.from(key));
        return true;
      },
    });
    for (const [key, value] of written.writes()) {
      if (value === undefined) this.#entries.delete(key);
      else this.#entries.set(key, value);
    }
    this.#bytes = bytes;
    this.#transactions++;
    return result;
  }

  figures(): StoreFigures {
    return {
      entries: this.#entries.size,
      bytes: this.#bytes,
      maxBytes: this.#maxBytes,
      pendingBytes: 0,
      transactions: this.#transactions,
      commits: this.#transactions,
    };
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#entries.clear();
    this.closed();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #requireOpen(): void {
    if (!this.#isOpen) throw new StorageError('STORE_CLOSED', `the store ${this.name} has been closed`);
  }
}

function sizeOf(key: Uint8Array, value: Uint8Array | undefined): number {
  return value === undefined ? 0 : key.length + value.length;
}

function checkedSize(key: Uint8Array, value: Uint8Array): number {
  const { keyBytes, valueBytes } = STORAGE_LIMITS;
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
  return key.length + value.length;
}

function storeFull(name: string, maxBytes: number): StorageError {
  return new StorageError(
    'STORE_FULL',
    `the store ${name} may hold ${maxBytes} bytes, and this would be more`,
  );
}
