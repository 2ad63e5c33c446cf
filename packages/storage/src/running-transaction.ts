import { type Budget, checkEntry } from './admission.js';
import { StorageError } from './errors.js';
import { type KeyText, keyBytesOf, textOf, textRangeOf } from './key-text.js';
import { DELETED, type Overlay, type Written } from './overlay.js';
import type { Entry, KeyRange, Transaction } from './store.js';

/** How values lie in an overlay, and in what is below it. */
export interface ValueFormat {
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
  #seenKey: KeyText | undefined;
  #seenWritten: Written | undefined;
  #seenSize: number | undefined;
  /** Keys of all writes, and what stood there before each; the last one at the end. */
  readonly #written: KeyText[] = [];
  readonly #before: Array<Written | undefined> = [];

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
    return this.#written.length > 0;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const text = textOf(key);
    const written = this.overlay.written(text);
    const stored = this.overlay.through(text, written);
    this.#saw(text, written, stored?.length);
    return stored === undefined ? undefined : this.format.value(key, stored);
  }

  has(key: Uint8Array): boolean {
    return this.size(key) !== undefined;
  }

  size(key: Uint8Array): number | undefined {
    this.#look(textOf(key));
    const size = this.#seenSize;
    return size === undefined ? undefined : size - this.format.overhead;
  }

  *range(range?: KeyRange): IterableIterator<Entry> {
    for (const [text, stored, key = keyBytesOf(text)] of this.overlay.range(textRangeOf(range))) {
      yield [key, this.format.value(key, stored)];
    }
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#requireRunning();
    checkEntry(key, value);
    const size = key.length + value.length;
    const text = textOf(key);
    this.budget.replace(this.#sizeUnder(text), size);
    this.#note(text);
    this.overlay.put(text, this.format.store(key, value));
    this.#bytes += size;
  }

  putNew(key: Uint8Array, value: Uint8Array): void {
    this.#requireRunning();
    checkEntry(key, value);
    const size = key.length + value.length;
    this.budget.replace(undefined, size);
    const text = textOf(key);
    const isNew = this.overlay.putNew(text, this.format.store(key, value));
    this.#noteWrite(text, isNew ? undefined : DELETED);
    this.#bytes += size;
  }

  delete(key: Uint8Array): boolean {
    this.#requireRunning();
    const text = textOf(key);
    const before = this.#sizeUnder(text);
    if (before === undefined) return false;
    this.budget.remove(before);
    this.#note(text);
    this.overlay.delete(text);
    this.#bytes += key.length;
    return true;
  }

  deleteKnown(key: Uint8Array, valueBytes: number): void {
    this.#requireRunning();
    const text = textOf(key);
    this.budget.remove(key.length + valueBytes);
    this.#noteWrite(text, this.overlay.written(text));
    this.overlay.delete(text);
    this.#bytes += key.length;
  }

  /** Its work has returned: what is written from now on would be written nowhere. */
  end(): void {
    this.#isOver = true;
  }

  /** Takes back all it has written. */
  undo(): void {
    for (let key = this.#written.pop(); key !== undefined; key = this.#written.pop()) {
      this.overlay.restore(key, this.#before.pop());
    }
  }

  /** What is under the key that was looked at last is about to change. */
  #note(key: KeyText): void {
    this.#noteWrite(key, this.#seenWritten);
  }

  #noteWrite(key: KeyText, before: Written | undefined): void {
    this.#written.push(key);
    this.#before.push(before);
    this.#seenKey = undefined;
  }

  /** Bytes of key and value. */
  #sizeUnder(key: KeyText): number | undefined {
    this.#look(key);
    const size = this.#seenSize;
    return size === undefined ? undefined : key.length + size - this.format.overhead;
  }

  #look(key: KeyText): void {
    if (key === this.#seenKey) return;
    const written = this.overlay.written(key);
    this.#saw(key, written, this.overlay.sizeThrough(key, written));
  }

  #saw(key: KeyText, written: Written | undefined, size: number | undefined): void {
    this.#seenKey = key;
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
