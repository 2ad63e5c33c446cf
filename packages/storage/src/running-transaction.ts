import { type Budget, checkEntry } from './admission.js';
import { StorageError } from './errors.js';
import { compareKeys } from './key.js';
import { DELETED, type Overlay, type Written } from './overlay.js';
import type { Entry, KeyRange, Transaction } from './store.js';

/** How keys and values lie in an overlay, and in what is below it. */
export interface ValueFormat {
  /** Copies the key, which stays the caller's. */
  key(key: Uint8Array): Uint8Array;
  /** Copies the value, which stays the caller's. */
  store(key: Uint8Array, value: Uint8Array): Uint8Array;
  /** @throws StorageError DATA_CORRUPT */
  value(key: Uint8Array, stored: Uint8Array): Uint8Array;
  /** Bytes of what is stored that do not belong to the value. */
  readonly overhead: number;
}

/** A transaction while its work runs. It writes where others have written before, and can take its own writes back. */
export class RunningTransaction implements Transaction {
  #bytes = 0;
  #isOver = false;
  /** What was looked at last: it is often what is written next. */
  #seenKey: Uint8Array | undefined;
  #seenWritten: Written | undefined;
  #seenSize: number | undefined;
  /** What stood there before each write, the last one at the end. */
  readonly #undo: Array<readonly [key: Uint8Array, before: Written | undefined]> = [];

  constructor(
    private readonly overlay: Overlay,
    private readonly budget: Budget,
    private readonly format: ValueFormat,
  ) {}

  /** Of keys and values, written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  get hasWritten(): boolean {
    return this.#undo.length > 0;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const written = this.overlay.written(key);
    const stored = this.overlay.through(key, written);
    this.#saw(key, written, stored?.length);
    return stored === undefined ? undefined : this.format.value(key, stored);
  }

  has(key: Uint8Array): boolean {
    this.#look(key);
    return this.#seenSize !== undefined;
  }

  *range(range?: KeyRange): IterableIterator<Entry> {
    for (const [key, stored] of this.overlay.range(range)) yield [key, this.format.value(key, stored)];
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#requireRunning();
    checkEntry(key, value);
    const size = key.length + value.length;
    this.budget.replace(this.#sizeUnder(key), size);
    const own = this.#note(key);
    this.overlay.put(own, this.format.store(own, value));
    this.#bytes += size;
  }

  putNew(key: Uint8Array, value: Uint8Array): void {
    this.#requireRunning();
    checkEntry(key, value);
    const size = key.length + value.length;
    this.budget.replace(undefined, size);
    const own = this.format.key(key);
    const isNew = this.overlay.putNew(own, this.format.store(own, value));
    this.#seenKey = undefined;
    this.#undo.push([own, isNew ? undefined : DELETED]);
    this.#bytes += size;
  }

  delete(key: Uint8Array): boolean {
    this.#requireRunning();
    const before = this.#sizeUnder(key);
    if (before === undefined) return false;
    this.budget.remove(before);
    this.overlay.delete(this.#note(key));
    this.#bytes += key.length;
    return true;
  }

  /** Its work has returned: what is written from now on would be written nowhere. */
  end(): void {
    this.#isOver = true;
  }

  /** Takes back all it has written. */
  undo(): void {
    for (let write = this.#undo.pop(); write !== undefined; write = this.#undo.pop()) {
      this.overlay.restore(...write);
    }
  }

  /** What is under the key that was looked at last is about to change. @returns the key, to be kept. */
  #note(key: Uint8Array): Uint8Array {
    const own = this.format.key(key);
    this.#undo.push([own, this.#seenWritten]);
    this.#seenKey = undefined;
    return own;
  }

  /** Bytes of key and value. */
  #sizeUnder(key: Uint8Array): number | undefined {
    this.#look(key);
    const size = this.#seenSize;
    return size === undefined ? undefined : key.length + size - this.format.overhead;
  }

  #look(key: Uint8Array): void {
    if (this.#seenKey !== undefined && compareKeys(key, this.#seenKey) === 0) return;
    const written = this.overlay.written(key);
    this.#saw(key, written, this.overlay.sizeThrough(key, written));
  }

  #saw(key: Uint8Array, written: Written | undefined, size: number | undefined): void {
    this.#seenKey = new Uint8Array(key);
    this.#seenWritten = written;
    this.#seenSize = size;
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
