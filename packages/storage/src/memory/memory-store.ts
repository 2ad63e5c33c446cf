import { Budget, type Totals } from '../admission.js';
import { StorageError } from '../errors.js';
import { type Layer, Overlay } from '../overlay.js';
import { OneAtATime, RunningTransaction, type ValueFormat } from '../running-transaction.js';
import type { Durability, Entry, KeyRange, OpenStore, Store, StoreFigures, Transaction } from '../store.js';
import { SortedMap } from './sorted-map.js';

/** A store that ends with its process. What it acknowledges is in memory, whatever durability it was asked for. */
export class MemoryStore implements Store, Layer {
  readonly name: string;
  readonly durability: Durability = 'memory';
  readonly #entries = new SortedMap<Uint8Array>();
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
    return this.#entries.get(key);
  }

  has(key: Uint8Array): boolean {
    return this.get(key) !== undefined;
  }

  size(key: Uint8Array): number | undefined {
    return this.get(key)?.length;
  }

  range(range?: KeyRange): Iterable<Entry> {
    this.#requireOpen();
    return this.#entries.range(range);
  }

  async transaction<T>(work: (tx: Transaction) => T): Promise<T> {
    this.#requireOpen();
    const written = new Overlay(this);
    const budget = new Budget(this.name, this.#totals, this.#maxBytes);
    const running = new RunningTransaction(written, budget, VALUES);
    const result = this.#oneAtATime.run(this.name, running, work);
    for (const [key, value] of written.writes()) {
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
  key: (key) => new Uint8Array(key),
  store: (_, value) => new Uint8Array(value),
  value: (_, stored) => stored,
  overhead: 0,
};
