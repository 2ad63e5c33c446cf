import { type Budget, checkEntry } from './admission.js';
import { StorageError } from './errors.js';
import { compareKeys } from './key.js';
import type { Overlay } from './overlay.js';
import type { Entry, KeyRange, Transaction } from './store.js';

/** How values lie in an overlay, and in what is below it. */
export interface ValueFormat {
  /** Copies the value, which stays the caller's. */
  store(key: Uint8Array, value: Uint8Array): Uint8Array;
  /** @throws StorageError DATA_CORRUPT */
  value(key: Uint8Array, stored: Uint8Array): Uint8Array;
  /** Bytes of the value. */
  size(stored: Uint8Array): number;
}

/** A transaction while its work runs. */
export class RunningTransaction implements Transaction {
  #bytes = 0;
  #isOver = false;
  /** What was read last: it is often what is written next. */
  #readKey: Uint8Array | undefined;
  #read: Uint8Array | undefined;

  constructor(
    private readonly written: Overlay,
    private readonly budget: Budget,
    private readonly format: ValueFormat,
  ) {}

  /** Of keys and values, written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const stored = this.#storedAt(key);
    return stored === undefined ? undefined : this.format.value(key, stored);
  }

  has(key: Uint8Array): boolean {
    return this.written.has(key);
  }

  *range(range?: KeyRange): IterableIterator<Entry> {
    for (const [key, stored] of this.written.range(range)) yield [key, this.format.value(key, stored)];
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#requireRunning();
    checkEntry(key, value);
    const size = key.length + value.length;
    this.budget.replace(this.#sizeUnder(key), size);
    this.#readKey = undefined;
    this.written.put(new Uint8Array(key), this.format.store(key, value));
    this.#bytes += size;
  }

  delete(key: Uint8Array): boolean {
    this.#requireRunning();
    const before = this.#sizeUnder(key);
    if (before === undefined) return false;
    this.budget.remove(before);
    this.#readKey = undefined;
    this.written.delete(new Uint8Array(key));
    this.#bytes += key.length;
    return true;
  }

  /** Its work has returned: what is written from now on would be written nowhere. */
  end(): void {
    this.#isOver = true;
  }

  #storedAt(key: Uint8Array): Uint8Array | undefined {
    if (this.#readKey !== undefined && compareKeys(key, this.#readKey) === 0) return this.#read;
    this.#read = this.written.get(key);
    this.#readKey = new Uint8Array(key);
    return this.#read;
  }

  #sizeUnder(key: Uint8Array): number | undefined {
    const stored = this.#storedAt(key);
    return stored === undefined ? undefined : key.length + this.format.size(stored);
  }

  #requireRunning(): void {
    if (!this.#isOver) return;
    throw new StorageError('TRANSACTION_OVER', 'a transaction was written to after its work had returned');
  }
}

/** Makes sure that one transaction of a store runs at a time. */
export class OneAtATime {
  #isRunning = false;

  /** @throws StorageError TRANSACTION_NESTED, and what the work throws. */
  run<T>(store: string, transaction: RunningTransaction, work: (tx: Transaction) => T): T {
    if (this.#isRunning) {
      throw new StorageError('TRANSACTION_NESTED', `a transaction of ${store} was made within another of it`);
    }
    this.#isRunning = true;
    try {
      const result = work(transaction);
      // Handed on to the caller, but not before the disk has answered: until then, nobody else would be there for it.
      if (result instanceof Promise) result.catch(() => {});
      return result;
    } finally {
      this.#isRunning = false;
      transaction.end();
    }
  }
}
