import { Budget, type Totals } from '../admission.js';
import { StorageError } from '../errors.js';
import { keyBytesOf, textOf, textRangeOf } from '../key-text.js';
import { type Layer, Overlay } from '../overlay.js';
import { OneAtATime, RunningTransaction, type ValueFormat } from '../running-transaction.js';
import type { Durability, Entry, KeyRange, OpenStore, Store, StoreFigures, Transaction } from '../store.js';
import { SortedMap } from './sorted-map.js';

/** A store that ends with its process. What it acknowledges is in memory, whatever durability it was asked for. */
export class MemoryStore implements Store {
  readonly name: string;
  readonly durability: Durability = 'memory';
  readonly #entries = new SortedMap<Uint8Array>();
  readonly #layer: Layer = {
    get: (key) => this.#entries.get(key),
    has: (key) => this.#entries.get(key) !== undefined,
    size: (key) => this.#entries.get(key)?.length,
    range: (range) => this.#entries.range(range),
  };
  readonly #maxBytes: number;
  readonly #oneAtATime = new OneAtATime();
  #totals: Totals = { entries: 0, bytes: 0 };
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
    return this.#entries.get(textOf(key));
  }

  has(key: Uint8Array): boolean {
    return this.get(key) !== undefined;
  }

  *range(range?: KeyRange): Iterable<Entry> {
    this.#requireOpen();
    for (const [key, value] of this.#entries.range(textRangeOf(range))) yield [keyBytesOf(key), value];
  }

  async transaction<T>(work: (tx: Transaction) => T): Promise<T> {
    this.#requireOpen();
    const written = new Overlay(this.#layer);
    const budget = new Budget(this.name, this.#totals, this.#maxBytes);
    const running = new RunningTransaction(written, budget, VALUES);
    const result = this.#oneAtATime.run(this.name, running, work);
    for (const [key, value] of written.unorderedWrites()) {
      if (value === undefined) this.#entries.delete(key);
      else this.#entries.set(key, value);
    }
    this.#totals = budget.totals;
    this.#transactions++;
    return result;
  }

  figures(): StoreFigures {
    return {
      ...this.#totals,
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

const VALUES: ValueFormat = {
  store: (_, value) => new Uint8Array(value),
  value: (_, stored) => stored,
  overhead: 0,
};
