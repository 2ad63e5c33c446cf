interface ErrorEntry {
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly hint: string;
  /** Whether the same can succeed later without a change. */
  readonly retryable: boolean;
}

/** Every error of this package. */
export const storageErrors = {
  STORE_FULL: {
    meaning: 'the store has reached its budget in bytes',
    hint: 'delete what is not needed, or raise max_bytes',
    retryable: true,
  },
  WRITE_FAILED: {
    meaning: 'the transaction could not be made durable, and has had no effect',
    hint: 'the message says what the disk answered; reads go on, and writes succeed again once it recovers',
    retryable: true,
  },
  STORE_BUSY: {
    meaning: 'more waits for the disk than may wait in memory',
    hint: 'write less at once, or try again when the disk has caught up',
    retryable: true,
  },
  INVALID_KEY: {
    meaning: 'a key has no bytes',
    hint: 'make keys with keyOf, of one part or more',
    retryable: false,
  },
  KEY_TOO_LONG: {
    meaning: 'a key takes more bytes than a store can order',
    hint: 'use shorter names',
    retryable: false,
  },
  VALUE_TOO_LARGE: {
    meaning: 'a value takes more bytes than a store accepts',
    hint: 'split it, or send it through a channel and keep where it went',
    retryable: false,
  },
  TRANSACTION_OVER: {
    meaning: 'a transaction was used after its work had returned',
    hint: 'write everything before the first await: the work of a transaction runs in one piece',
    retryable: false,
  },
  TRANSACTION_NESTED: {
    meaning: 'a transaction was made within another one of the same store',
    hint: 'use the transaction that is running',
    retryable: false,
  },
  STORE_CLOSED: {
    meaning: 'the store has been closed',
    hint: 'nothing was written; the worker is stopping',
    retryable: false,
  },
  STORE_OPEN: {
    meaning: 'the store is open already in this process',
    hint: 'give the second worker a store of another name',
    retryable: false,
  },
  DIRECTORY_LOCKED: {
    meaning: 'another process uses the data directory',
    hint: 'stop that engine, or give this one a data directory of its own',
    retryable: true,
  },
  DIRECTORY_UNUSABLE: {
    meaning: 'the data directory cannot be created, read or written',
    hint: 'the message says what the file system answered; check its path, owner and free space',
    retryable: true,
  },
  INVALID_NAME: {
    meaning: 'a store cannot have this name',
    hint: 'use letters, digits, dots, hyphens, underscores and #, at most 64 of them',
    retryable: false,
  },
  TOO_MANY_STORES: {
    meaning: 'the data directory has no room for another store',
    hint: 'give workers data directories of their own',
    retryable: false,
  },
  DATA_CORRUPT: {
    meaning: 'the disk gave back other bytes than it was given',
    hint: 'check the disk; `iii data verify` says what is affected, `iii data restore` brings back a backup',
    retryable: false,
  },
  NO_DATA: {
    meaning: 'there is no data where some was expected',
    hint: 'name the data directory of an engine (data_dir in its configuration), or what `iii data backup` wrote',
    retryable: false,
  },
  COPY_FAILED: {
    meaning: 'the data could not be copied',
    hint: 'check the free space where it goes, and `iii data verify` where it comes from',
    retryable: true,
  },
  NOT_A_BACKUP: {
    meaning: 'what should be restored or verified is no data of iii, or is damaged',
    hint: 'name the directory or file that `iii data backup` wrote',
    retryable: false,
  },
  TARGET_EXISTS: {
    meaning: 'there is data already where something should be written',
    hint: 'name another target, or say --force to lose what is there',
    retryable: false,
  },
} as const satisfies Record<string, ErrorEntry>;

export type StorageErrorCode = keyof typeof storageErrors;

/** What went wrong in a store. The code is one of {@link storageErrors}. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly hint: string;
  readonly retryable: boolean;

  constructor(
    readonly code: StorageErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.hint = storageErrors[code].hint;
    this.retryable = storageErrors[code].retryable;
  }
}
