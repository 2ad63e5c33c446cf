import { statfsSync } from 'node:fs';
import path from 'node:path';
import { getSystemErrorName } from 'node:util';
import { open, type RootDatabase } from 'lmdb';
import type { Totals } from '../admission.js';
import type { CommitBackend, StoreWrites } from '../commit/group-commit.js';
import { StorageError } from '../errors.js';
import { keyBytesOf } from '../key-text.js';
import { STORAGE_LIMITS } from '../limits.js';
import type { Layer } from '../overlay.js';
import { checkedValueIn, recordOf } from '../record.js';
import { Headroom, roomFor } from './headroom.js';
import { decodeMark, encodeMark, type JournalMark, MARK_KEY, newMark } from './journal-mark.js';
import { type ByteDatabase, LmdbReads } from './lmdb-reads.js';
import { closeAtOnce, pagesOf } from './native.js';
import { makeReaderTable } from './reader-table.js';
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
  permissionsMode: 0o600,
  // With it, a commit could be read before it is on disk, and a failed sync would leave it there.
  overlappingSync: false,
  // Batching is ours; so is the wait for the end of the turn.
  eventTurnBatching: false,
  maxDbs: STORAGE_LIMITS.stores + 2,
  mapSize: MAP_BYTES,
} as const;

interface Opened {
  readonly root: RootDatabase<Uint8Array, Uint8Array>;
  readonly headroom: Headroom;
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
  openStore(name: string): { readonly disk: Layer; readonly totals: Totals } {
    const opened = this.#requireOpen();
    if (!opened.stores.has(name)) opened.stores.set(name, this.#openDatabase(opened, name));
    this.#names.add(name);
    const key = Buffer.from(name);
    const record = opened.totals.getBinary(key);
    return {
      disk: new LmdbReads(() => this.#database(name)),
      totals: record === undefined ? { entries: 0, bytes: 0 } : decodeTotals(checkedValueIn(key, record)),
    };
  }

  /** Where the journal of this data begins. */
  async mark(): Promise<JournalMark> {
    const record = this.#requireOpen().totals.getBinary(MARK_KEY);
    if (record !== undefined) return decodeMark(checkedValueIn(MARK_KEY, record));
    const mark = newMark();
    await this.commit([], mark);
    return mark;
  }

  /** @param mark what the journal is to begin after, from then on. */
  async commit(parts: readonly StoreWrites[], mark?: JournalMark): Promise<void> {
    const { root, headroom, totals } = this.#requireOpen();
    await this.#takeRoom(root, headroom, parts);
    const targets = parts.map((part) => ({ part, database: this.#database(part.store) }));
    try {
      // Nothing in here may throw: what has been put before would be committed all the same.
      await root.batch(() => {
        for (const { part, database } of targets) {
          for (const [text, record] of part.writes) {
            const key = keyBytesOf(text);
            if (record === undefined) void database.remove(key);
            else void database.put(key, record);
          }
          const name = Buffer.from(part.store);
          void totals.put(name, recordOf(name, encodeTotals(part.totals)));
        }
        if (mark !== undefined) void totals.put(MARK_KEY, recordOf(MARK_KEY, encodeMark(mark)));
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
    opened?.headroom.close();
    await opened?.root.close();
  }

  async #takeRoom(root: Opened['root'], headroom: Headroom, parts: readonly StoreWrites[]): Promise<void> {
    const page = pagesOf(root);
    const pages = parts.reduce(
      (sum, { entries, bytes }) => sum + roomFor(entries, bytes, page.used, page.bytes),
      page.used,
    );
    try {
      await headroom.ensure(pages * page.bytes);
    } catch (cause) {
      throw new Error(this.#explain(cause as Error), { cause });
    }
  }

  /**
   * LMDB may refuse everything after a write that failed, and a write that is refused blocks for good: so the file is
   * opened anew, at once, for reads must not meet a closed one.
   */
  #reopen(): void {
    if (this.#opened !== undefined) {
      this.#opened.headroom.close();
      closeAtOnce(this.#opened.root);
    }
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
    const closers: Array<() => void> = [];
    try {
      makeReaderTable(this.file);
      const root: Opened['root'] = open({ path: this.file, ...ENVIRONMENT_OPTIONS });
      closers.push(() => closeAtOnce(root));
      const headroom = new Headroom(this.file);
      closers.push(() => headroom.close());
      const file = { root, headroom };
      const totals = this.#makeDatabase(file, TOTALS_DATABASE);
      const stores = new Map([...this.#names].map((name) => [name, this.#openDatabase(file, name)]));
      return { ...file, totals, stores };
    } catch (cause) {
      for (const close of closers.reverse()) close();
      throw this.#unusable(cause as Error);
    }
  }

  #openDatabase(file: Pick<Opened, 'root' | 'headroom'>, name: string): ByteDatabase {
    try {
      return this.#makeDatabase(file, STORE_PREFIX + name);
    } catch (cause) {
      if (!(cause as Error).message.includes('MDB_DBS_FULL')) throw this.#unusable(cause as Error);
      const text = `the store ${name} would be one more than the ${STORAGE_LIMITS.stores} of ${this.file}`;
      throw new StorageError('TOO_MANY_STORES', text);
    }
  }

  #makeDatabase({ root, headroom }: Pick<Opened, 'root' | 'headroom'>, name: string): ByteDatabase {
    const { used, bytes } = pagesOf(root);
    headroom.ensureSync((used + roomFor(1, name.length, used, bytes)) * bytes);
    return root.openDB({ name, ...BYTES_AS_THEY_ARE });
  }

  #unusable(cause: Error): StorageError {
    if (cause instanceof StorageError) return cause;
    const text = `${this.file} cannot be used: ${this.#explain(cause)}`;
    return new StorageError('DIRECTORY_UNUSABLE', text, { cause });
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
