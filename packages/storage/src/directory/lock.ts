import path from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { StorageError } from '../errors.js';
import { ENVIRONMENT_OPTIONS } from '../lmdb/environment.js';
import { makeReaderTable } from '../lmdb/reader-table.js';
import { headerOf } from './header.js';
import { FILES } from './layout.js';

/**
 * Keeps other processes out of a data directory for as long as this one lives, and not a moment longer.
 *
 * An LMDB file of its own, which nothing is ever written to, has a table of readers. Each reader holds a lock of the
 * operating system, so one that was killed is known to be gone, even when its process id is in use again. To look and
 * to enter oneself happens within LMDB's write lock: of two that start at once, one is first.
 */
export class DirectoryLock {
  private constructor(
    private readonly root: RootDatabase,
    private readonly seat: { done(): void },
  ) {}

  /** @throws StorageError DIRECTORY_LOCKED, DIRECTORY_UNUSABLE */
  static take(directory: string): DirectoryLock {
    const file = path.join(directory, FILES.lock);
    const root = openLockFile(file);
    try {
      const seat = root.transactionSync(() => {
        // Drops readers whose process is gone.
        root.readerCheck();
        const [other] = processesIn(root.readerList());
        if (other !== undefined) throw lockedBy(directory, other);
        return root.useReadTransaction();
      });
      return new DirectoryLock(root, seat);
    } catch (error) {
      void root.close();
      throw error instanceof StorageError ? error : unusable(file, error as Error);
    }
  }

  async release(): Promise<void> {
    this.seat.done();
    await this.root.close();
  }
}

function openLockFile(file: string): RootDatabase {
  try {
    const header = headerOf(file);
    if (header !== 'missing' && header !== 'whole')
      throw new Error('it is damaged; remove it while no engine runs');
    makeReaderTable(file);
    return open({ ...ENVIRONMENT_OPTIONS, path: file, noSync: true, maxDbs: 1, mapSize: 1024 ** 2 });
  } catch (error) {
    throw unusable(file, error as Error);
  }
}

/** It has a line per reader that begins with its process id. */
function processesIn(table: string): number[] {
  return [...table.matchAll(/^\s*(\d+)\s/gm)].map(([, pid]) => Number(pid));
}

function lockedBy(directory: string, pid: number): StorageError {
  return new StorageError('DIRECTORY_LOCKED', `${directory} is in use by process ${pid}`);
}

function unusable(file: string, cause: Error): StorageError {
  return new StorageError('DIRECTORY_UNUSABLE', `${file} cannot be locked: ${cause.message}`, { cause });
}
