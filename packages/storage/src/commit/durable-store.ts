import { Budget, type Totals } from '../admission.js';
import { StorageError } from '../errors.js';
import { keyBytesOf, textOf, textRangeOf } from '../key-text.js';
import type { Layer } from '../overlay.js';
import { checkedValueIn, RECORD_OVERHEAD, recordOf } from '../record.js';
import { OneAtATime, RunningTransaction, type ValueFormat } from '../running-transaction.js';
import type {
  Durability,
  Entry,
  KeyRange,
  OpenStore,
  Store,
  StoreFigures,
  Transaction,
  TransactionOptions,
} from '../store.js';
import { Batch, type Committing } from './batch.js';
import type { GroupCommit, Participant, StoreWrites } from './group-commit.js';

/** What a store is built on. */
export interface Foundation {
  /** Records on disk, as of the last commit. */
  readonly disk: Layer;
  readonly totals: Totals;
  readonly group: GroupCommit;
  /** Told what nobody waits for: that what has been acknowledged from memory could not be written yet. */
  readonly problem: (error: StorageError) => void;
  /** Milliseconds until what was acknowledged from memory is tried again. */
  readonly retryMs: number;
  /** Bytes that may wait for the disk before a transaction is refused. */
  readonly maxPendingBytes: number;
  readonly closed: () => void;
}

type State = 'open' | 'closing' | 'closed';

/**
 * A store whose transactions run in memory, over what is on disk, and are written together.
 *
 * Three layers lie over each other: the disk, the batch that is being committed, and the batch that forms meanwhile.
 */
export class DurableStore implements Store, Participant {
  readonly name: string;
  readonly durability: Durability;
  readonly #maxBytes: number;
  readonly #disk: Layer;
  readonly #oneAtATime = new OneAtATime();
  #state: State = 'open';
  #forming: Batch;
  #committing: Committing | undefined;
  /** With all that has been written, durable or not. */
  #totals: Totals;
  #durableTotals: Totals;
  #transactions = 0;
  #commits = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    { name, durability = 'fsync', maxBytes = Number.POSITIVE_INFINITY }: OpenStore,
    private readonly foundation: Foundation,
  ) {
    this.name = name;
    this.durability = durability;
    this.#maxBytes = maxBytes;
    this.#disk = foundation.disk;
    this.#forming = new Batch(this.#disk);
    this.#totals = foundation.totals;
    this.#durableTotals = foundation.totals;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#requireReadable();
    const record = this.#acknowledged.get(textOf(key));
    return record === undefined ? undefined : checkedValueIn(key, record);
  }

  has(key: Uint8Array): boolean {
    this.#requireReadable();
    return this.#acknowledged.has(textOf(key));
  }

  *range(range?: KeyRange): Iterable<Entry> {
    this.#requireReadable();
    for (const [text, record, key = keyBytesOf(text)] of this.#acknowledged.range(textRangeOf(range))) {
      yield [key, checkedValueIn(key, record)];
    }
  }

  async transaction<T>(work: (tx: Transaction) => T, { callers = 1 }: TransactionOptions = {}): Promise<T> {
    if (this.#state !== 'open') throw this.#closedError();
    this.#requireRoom();
    const batch = this.#forming;
    const budget = new Budget(this.name, this.#totals, this.#maxBytes);
    const running = new RunningTransaction(batch.overlay, budget, RECORDS);
    let result: T;
    try {
      result = this.#oneAtATime.run(this.name, running, work);
    } catch (error) {
      running.undo();
      throw error;
    }
    if (!running.hasWritten) {
      if (this.durability !== 'memory') await this.#pending?.settled();
      return result;
    }
    batch.count(running.bytes);
    this.#totals = budget.totals;
    this.foundation.group.request(this, callers);
    if (this.durability !== 'memory') await batch.settled();
    return result;
  }

  figures(): StoreFigures {
    const fromMemory = this.durability === 'memory' ? this.#pendingTransactions : 0;
    return {
      ...(this.durability === 'memory' ? this.#totals : this.#durableTotals),
      maxBytes: this.#maxBytes,
      pendingBytes: this.#pendingBytes,
      transactions: this.#transactions + fromMemory,
      commits: this.#commits,
    };
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closing';
    try {
      if (this.#retry !== undefined) this.#writeAgain();
      await this.#pending?.settled();
    } finally {
      clearTimeout(this.#retry);
      if (this.#stateNow() !== 'closed') {
        this.#state = 'closed';
        this.foundation.closed();
      }
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  take(): StoreWrites | undefined {
    if (this.#forming.isEmpty) return undefined;
    this.#committing = { batch: this.#forming, totals: this.#totals };
    this.#forming = new Batch(this.#forming.overlay);
    const { batch, totals } = this.#committing;
    const { overlay, bytes } = batch;
    const { name: store, durability } = this;
    return { store, durability, entries: overlay.count, bytes, writes: overlay.unorderedWrites(), totals };
  }

  succeeded(): void {
    const done = this.#committing;
    if (done === undefined) return;
    this.#committing = undefined;
    this.#durableTotals = done.totals;
    this.#transactions += done.batch.transactions;
    this.#commits++;
    this.#forming.overlay.rebase(this.#disk);
    done.batch.resolve();
  }

  failed(cause: Error): void {
    const done = this.#committing;
    if (done === undefined) return;
    this.#committing = undefined;
    const error = new StorageError(
      'WRITE_FAILED',
      `the store ${this.name} could not be written: ${cause.message}`,
      { cause },
    );
    if (this.durability === 'memory') this.#keepForLater(done.batch, error);
    else this.#undo(done.batch, error);
  }

  /** What was acknowledged from memory stays readable, and is written when that is possible again. */
  #keepForLater(failed: Batch, error: StorageError): void {
    failed.absorb(this.#forming);
    this.#forming = failed;
    failed.reject(error);
    this.foundation.problem(error);
    if (this.#state !== 'open') return;
    this.#retry ??= setTimeout(() => this.#writeAgain(), this.foundation.retryMs);
    this.#retry.unref();
  }

  /** The batch that formed meanwhile has read what now never was. */
  #undo(failed: Batch, error: StorageError): void {
    const later = this.#forming;
    this.#forming = new Batch(this.#disk);
    this.#totals = this.#durableTotals;
    failed.reject(error);
    later.reject(error);
  }

  #writeAgain(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.foundation.group.request(this);
  }

  /** The last batch there is. */
  get #pending(): Batch | undefined {
    return this.#forming.isEmpty ? this.#committing?.batch : this.#forming;
  }

  /** What plain reads see. */
  get #acknowledged(): Layer {
    return this.durability === 'memory' ? this.#forming.overlay : this.#disk;
  }

  get #pendingBytes(): number {
    return this.#forming.bytes + (this.#committing?.batch.bytes ?? 0);
  }

  get #pendingTransactions(): number {
    return this.#forming.transactions + (this.#committing?.batch.transactions ?? 0);
  }

  #requireRoom(): void {
    const limit = this.foundation.maxPendingBytes;
    if (this.#pendingBytes < limit) return;
    throw new StorageError(
      'STORE_BUSY',
      `${this.#pendingBytes} bytes of the store ${this.name} wait for the disk, and ${limit} may`,
    );
  }

  #requireReadable(): void {
    if (this.#state === 'closed') throw this.#closedError();
  }

  #closedError(): StorageError {
    return new StorageError('STORE_CLOSED', `the store ${this.name} has been closed`);
  }

  /** Read anew: it may have changed while something was awaited. */
  #stateNow(): State {
    return this.#state;
  }
}

const RECORDS: ValueFormat = {
  store: recordOf,
  value: checkedValueIn,
  overhead: RECORD_OVERHEAD,
};
