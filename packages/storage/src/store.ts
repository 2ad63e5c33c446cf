/**
 * What an acknowledgement means, at least. `fsync`: the disk has it. `commit`: the operating system has it, so it
 * outlives the process. `memory`: this process has it, and the disk gets it soon.
 *
 * All stores of a directory are written in one order: what the disk has of one of them, it has of the others up to then.
 */
export type Durability = 'fsync' | 'commit' | 'memory';

/** Keys from `from` (included) to `to` (excluded), both open when absent. */
export interface KeyRange {
  readonly from?: Uint8Array | undefined;
  readonly to?: Uint8Array | undefined;
  /** From the last to the first. Default false. */
  readonly reverse?: boolean;
}

export type Entry = readonly [key: Uint8Array, value: Uint8Array];

/**
 * What can be read. The bytes handed out are the caller's to keep, but not to change.
 *
 * Reads of a store on disk throw StorageError DATA_CORRUPT when it gives back other bytes than it was given.
 */
export interface Reads {
  get(key: Uint8Array): Uint8Array | undefined;
  has(key: Uint8Array): boolean;
  /** Entries in byte order of their keys. To be walked within the same task: what is written meanwhile may show. */
  range(range?: KeyRange): Iterable<Entry>;
}

/** Reads of a transaction see what was written before them, by itself and by transactions that are not durable yet. */
export interface Transaction extends Reads {
  /** Bytes of the value under a key, which need not be read for that; undefined where there is none. */
  size(key: Uint8Array): number | undefined;
  /** @throws StorageError TRANSACTION_OVER, INVALID_KEY, KEY_TOO_LONG, VALUE_TOO_LARGE, STORE_FULL */
  put(key: Uint8Array, value: Uint8Array): void;
  /**
   * As `put`, where there is nothing under the key: whoever calls it knows that, and nobody looks. Where there is
   * something all the same, it is replaced, and what the store holds is counted wrong from then on.
   */
  putNew(key: Uint8Array, value: Uint8Array): void;
  /** @returns whether there was something to delete. */
  delete(key: Uint8Array): boolean;
  /**
   * As `delete`, where there is a value of that many bytes under the key: whoever calls it knows that, and nobody looks.
   * Where there is not, what the store holds is counted wrong from then on.
   */
  deleteKnown(key: Uint8Array, valueBytes: number): void;
}

/** Sizes in bytes. */
export interface StoreFigures {
  readonly entries: number;
  /** Keys and values together, as `max_bytes` counts them. */
  readonly bytes: number;
  readonly maxBytes: number;
  /** Written by transactions that are not acknowledged yet. */
  readonly pendingBytes: number;
  /** Transactions acknowledged since the store was opened. */
  readonly transactions: number;
  /** Commits they took: fewer than transactions when many were made at once. */
  readonly commits: number;
}

export interface TransactionOptions {
  /** How many wait for it: a commit may wait a little for as many as wanted the last one. Default 1. */
  readonly callers?: number;
}

/**
 * Ordered keys with atomic, durable transactions (DESIGN §5, §6). Keys and values are bytes; `keyOf` makes keys of parts.
 *
 * Reads outside a transaction see acknowledged transactions only.
 */
export interface Store extends Reads, AsyncDisposable {
  readonly name: string;
  readonly durability: Durability;
  /**
   * Runs `work` at once, in this task, alone; what it wrote takes effect whole or not at all. What `work` throws undoes
   * it and is thrown on. It is over when `work` returns: what awaits does not belong into it. Transactions take effect, and are acknowledged, in the order they were made.
   *
   * @returns what `work` returned, once it is as durable as the store promises.
   * @throws StorageError WRITE_FAILED when it could not be made so: it has had no effect, nor has any later one that
   * was made before this became known. STORE_BUSY,
   * STORE_CLOSED, TRANSACTION_NESTED.
   */
  transaction<T>(work: (tx: Transaction) => T, about?: TransactionOptions): Promise<T>;
  figures(): StoreFigures;
  /** Acknowledges what is on its way, and closes. */
  close(): Promise<void>;
}

/** How a store is opened. */
export interface OpenStore {
  /** Letters, digits, `.`, `-`, `_`, `#`; at most 64. */
  readonly name: string;
  /** Default `fsync`. */
  readonly durability?: Durability;
  /** Bytes of keys and values it may hold. Default: no limit but the disk's. */
  readonly maxBytes?: number;
}

/** Where stores live: one directory, or the memory of this process. */
export interface Storage extends AsyncDisposable {
  /** The directory, absolute; undefined in memory. */
  readonly directory: string | undefined;
  /** @throws StorageError INVALID_NAME, STORE_OPEN */
  open(options: OpenStore): Promise<Store>;
  /** Closes every store, then lets go of the directory. */
  close(): Promise<void>;
}
