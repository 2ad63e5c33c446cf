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
    hint: 'use letters, digits, dots, hyphens and underscores, at most 64 of them',
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
