import type { CommitBackend, StoreWrites } from '../commit/group-commit.js';

/** What a disk can answer. */
export type DiskFault = 'ENOSPC' | 'EIO' | 'short write';

const MESSAGES: Readonly<Record<DiskFault, string>> = {
  ENOSPC: 'ENOSPC: no space left on device, write',
  EIO: 'EIO: i/o error, fsync',
  'short write': 'EIO: i/o error, 512 of 4096 bytes were written',
};

/** A disk that fails when it is told to, and waits when it is told to. It stands before a real one. */
export class FaultyDisk {
  #fault: DiskFault | undefined;
  #failures = 0;
  #gate: Promise<void> | undefined;
  #release = (): void => {};
  /** Commits that have been asked for. */
  commits = 0;

  /** Every commit fails from now on, until {@link recover}. */
  breakWith(fault: DiskFault): void {
    this.#fault = fault;
    this.#failures = Number.POSITIVE_INFINITY;
  }

  /** Only the next one does. */
  failNext(fault: DiskFault): void {
    this.#fault = fault;
    this.#failures = 1;
  }

  /** Works from now on, and no commit waits. */
  recover(): void {
    this.#failures = 0;
    this.#release();
  }

  /** Commits wait until the result is called. */
  hold(): () => void {
    this.#gate = new Promise((resolve) => {
      this.#release = () => {
        this.#gate = undefined;
        resolve();
      };
    });
    return this.#release;
  }

  /** Puts itself before another. */
  before(disk: CommitBackend): CommitBackend {
    return { commit: (parts) => this.#commit(disk, parts) };
  }

  async #commit(disk: CommitBackend, parts: readonly StoreWrites[]): Promise<void> {
    this.commits++;
    await this.#gate;
    if (this.#fault !== undefined && this.#failures > 0) {
      this.#failures--;
      throw Object.assign(new Error(MESSAGES[this.#fault]), { code: this.#fault });
    }
    await disk.commit(parts);
  }
}
