import { statfsSync } from 'node:fs';
import path from 'node:path';
import { getSystemErrorName } from 'node:util';
import { open, type RootDatabase } from 'lmdb';
import type { Totals } from '../admission.js';
import type { CommitBackend, StoreWrites } from '../commit/group-commit.js';
import { StorageError } from '../errors.js';
import { STORAGE_LIMITS } from '../limits.js';
import { checkedValueIn, recordOf } from '../record.js';
import type { Reads } from '../store.js';
import { type ByteDatabase, LmdbReads } from './lmdb-reads.js';
import { decodeTotals, encodeTotals } from './totals.js';

/** Named databases: one per store, and one that counts what they hold. */
export const STORE_PREFIX = 'store/';
export const TOTALS_DATABASE = 'totals';

/** Bytes of address space, not of memory or disk. It grows when this is not enough, at the cost of a second map. */
const MAP_BYTES = 8 * 1024 ** 3;

const BYTES_AS_THEY_ARE = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** How this project opens LMDB. Every commit is synced before its meta page is written, and that one is too. */
export const ENVIRONMENT_OPTIONS = {
  ...BYTES_AS_THEY_ARE,
  noSubdir: true,
  // With it, a commit could be read before it is on disk, and a failed sync would leave it there.
  overlappingSync: false,
  // Batching is ours; so is the wait for the end of the turn.
  eventTurnBatching: false,
  maxDbs: STORAGE_LIMITS.stores + 2,
  mapSize: MAP_BYTES,
} as const;

interface Opened {
  readonly root: RootDatabase<Uint8Array, Uint8Array>;
  readonly totals: ByteDatabase;
  readonly stores: Map<string, ByteDatabase>;
}

/** The file of a data directory, and the commits into it. */
export class LmdbEnvironment implements CommitBackend {
  #opened: Opened | undefined;
  /** Stores that have been asked for, to be opened again with the file. */
  readonly #names = new Set<string>();

  /** @throws StorageError DIRECTORY_UNUSABLE */
  constructor(readonly file: string) {
    this.#opened = this.#open();
  }

  /**
   * Makes the store if there is none. Not while a commit is on its way: it would wait for that, and everything with it.
   *
   * @throws StorageError TOO_MANY_STORES, DIRECTORY_UNUSABLE
   */
  openStore(name: string): { readonly disk: Reads; readonly totals: Totals } {
    const opened = this.#requireOpen();
    if (!opened.stores.has(name)) opened.stores.set(name, this.#openDatabase(opened.root, name));
    this.#names.add(name);
    const key = Buffer.from(name);
    const record = opened.totals.getBinary(key);
    return {
      disk: new LmdbReads(() => this.#database(name)),
      totals: record === undefined ? { entries: 0, bytes: 0 } : decodeTotals(checkedValueIn(key, record)),
    };
  }

  async commit(parts: readonly StoreWrites[]): Promise<void> {
    const { root, totals } = this.#requireOpen();
    const targets = parts.map((part) => ({ part, database: this.#database(part.store) }));
    try {
      // Nothing in here may throw: what has been put before would be committed all the same.
      await root.batch(() => {
        for (const { part, database } of targets) {
          for (const [key, record] of part.writes) {
            if (record === undefined) void database.remove(key);
            else void database.put(key, record);
          }
          const name = Buffer.from(part.store);
          void totals.put(name, recordOf(name, encodeTotals(part.totals)));
        }
      });
    } catch (error) {
      const cause = await reasonOf(error);
      this.#reopen();
      throw new Error(this.#explain(cause), { cause });
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.root.close();
  }

  /**
   * LMDB may refuse everything after a write that failed, and a write that is refused blocks for good: so the file is
   * opened anew, at once, for reads must not meet a closed one.
   */
  #reopen(): void {
    if (this.#opened !== undefined) closeAtOnce(this.#opened.root);
    this.#opened = undefined;
    try {
      this.#opened = this.#open();
    } catch {
      // The next one who needs it tries again, and is told.
    }
  }

  #requireOpen(): Opened {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  #database(name: string): ByteDatabase {
    const database = this.#requireOpen().stores.get(name);
    if (database !== undefined) return database;
    throw new StorageError('STORE_CLOSED', `the store ${name} has not been opened`);
  }

  #open(): Opened {
    try {
      const root: Opened['root'] = open({ path: this.file, ...ENVIRONMENT_OPTIONS });
      const totals: ByteDatabase = root.openDB({ name: TOTALS_DATABASE, ...BYTES_AS_THEY_ARE });
      const stores = new Map([...this.#names].map((name) => [name, this.#openDatabase(root, name)]));
      return { root, totals, stores };
    } catch (cause) {
      if (cause instanceof StorageError) throw cause;
      throw new StorageError('DIRECTORY_UNUSABLE', `${this.file}: ${this.#explain(cause as Error)}`, {
        cause,
      });
    }
  }

  #openDatabase(root: Opened['root'], name: string): ByteDatabase {
    try {
      return root.openDB({ name: STORE_PREFIX + name, ...BYTES_AS_THEY_ARE });
    } catch (cause) {
      const { message } = cause as Error;
      if (message.includes('MDB_DBS_FULL')) {
        const text = `the store ${name} would be one more than the ${STORAGE_LIMITS.stores} of ${this.file}`;
        throw new StorageError('TOO_MANY_STORES', text);
      }
      throw new StorageError('DIRECTORY_UNUSABLE', `${this.file}: ${this.#explain(cause as Error)}`, {
        cause,
      });
    }
  }

  /** LMDB calls a disk that is full an input/output error. */
  #explain(error: Error): string {
    const { code } = error as { code?: unknown };
    const name = typeof code === 'number' && code > 0 ? ` (${getSystemErrorName(-code)})` : '';
    return `${error.message}${name}${this.#isDiskFull() ? ', and there is no space left on the disk' : ''}`;
  }

  #isDiskFull(): boolean {
    try {
      return statfsSync(path.dirname(this.file)).bavail === 0;
    } catch {
      return false;
    }
  }
}

/** The error behind an error of lmdb. */
async function reasonOf(error: unknown): Promise<Error> {
  if (error instanceof Error && 'commitError' in error) {
    try {
      await error.commitError;
    } catch (reason) {
      return reason as Error;
    }
  }
  return error as Error;
}

/** `close` of lmdb waits for writes, of which there are none, before it lets go of the file. */
function closeAtOnce(root: Opened['root']): void {
  void root.close();
  (root as unknown as { readonly env: { close(): void } }).env.close();
}
