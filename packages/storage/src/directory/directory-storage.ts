import { checkName } from '../admission.js';
import { DurableStore } from '../commit/durable-store.js';
import type { CommitBackend } from '../commit/group-commit.js';
import { StorageError } from '../errors.js';
import { STORAGE_LIMITS } from '../limits.js';
import type { OpenStore, Storage, Store } from '../store.js';
import { type OpenDirectory, preparedDirectory } from './open-directory.js';
import { joinDirectory, leaveDirectory } from './sharing.js';

export interface OpenStorage {
  /** Made where there is none. Relative ones are meant from where the process was started. */
  readonly directory: string;
  /**
   * Told what somebody should know though nothing fails: that damaged data has been moved aside, that what was
   * acknowledged from memory could not be written yet.
   */
  readonly warn?: (message: string) => void;
  /** Milliseconds until what was acknowledged from memory, and could not be written, is tried again. Default 1000. */
  readonly retryMs?: number;
  /**
   * Bytes of the journal after which it is worked into the data file. There are two of them, and what is in them is
   * kept in memory, too. Default 16 MiB.
   */
  readonly journalBytes?: number;
  /** Bytes of one store that may wait for the disk before it takes no more. Default {@link STORAGE_LIMITS}. */
  readonly maxPendingBytes?: number;
  readonly now?: () => Date;
}

const RETRY_MS = 1_000;
const JOURNAL_BYTES = 16 * 1024 * 1024;

/**
 * Opens a data directory, for this process alone. Within the process it can be opened several times; the last one that
 * closes it lets go of it.
 *
 * @throws StorageError DIRECTORY_LOCKED when another process has it, DIRECTORY_UNUSABLE
 *
 * @example
 * await using storage = await openStorage({ directory: './data' });
 * const orders = await storage.open({ name: 'orders' });
 */
export function openStorage(options: OpenStorage): Promise<Storage> {
  return openStorageThrough(options, (disk) => disk);
}

/** As {@link openStorage}; whoever opens the directory first decides what its commits go through. */
export async function openStorageThrough(
  options: OpenStorage,
  through: (disk: CommitBackend) => CommitBackend,
): Promise<Storage> {
  const { warn = () => {}, now = () => new Date(), retryMs = RETRY_MS } = options;
  const { maxPendingBytes = STORAGE_LIMITS.pendingBytes, journalBytes = JOURNAL_BYTES } = options;
  const directory = await preparedDirectory(options.directory);
  const opened = await joinDirectory(directory, { warn, now, journalBytes, through });
  return new DirectoryStorage(opened, { warn, retryMs, maxPendingBytes });
}

class DirectoryStorage implements Storage {
  readonly directory: string;
  readonly #stores = new Set<Store>();
  #closed: Promise<void> | undefined;

  constructor(
    private readonly opened: OpenDirectory,
    private readonly options: Required<Pick<OpenStorage, 'warn' | 'retryMs' | 'maxPendingBytes'>>,
  ) {
    this.directory = opened.directory;
  }

  async open(options: OpenStore): Promise<Store> {
    const { name } = options;
    const { open, group, environment } = this.opened;
    checkName(name);
    if (this.#closed !== undefined) {
      throw new StorageError('STORE_CLOSED', `${this.directory} has been closed`);
    }
    if (open.has(name)) throw new StorageError('STORE_OPEN', `the store ${name} is open already`);
    open.add(name);
    try {
      const found = await group.between(() => environment.openStore(name));
      const { warn, retryMs, maxPendingBytes } = this.options;
      const store: Store = new DurableStore(options, {
        ...found,
        group,
        retryMs,
        maxPendingBytes,
        problem: ({ message, hint }) => warn(`${message}; ${hint}`),
        closed: () => {
          open.delete(name);
          this.#stores.delete(store);
        },
      });
      this.#stores.add(store);
      return store;
    } catch (error) {
      open.delete(name);
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Whatever fails, the directory is left. */
  async #close(): Promise<void> {
    const ends = await Promise.allSettled([...this.#stores].map((store) => store.close()));
    await leaveDirectory(this.opened);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}
