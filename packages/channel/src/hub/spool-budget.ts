import { HubError } from './errors.js';
import type { SpoolFiles } from './spool-files.js';

const MIB = 1024 * 1024;
/** The disk is looked at again after so many bytes. */
const LOOK_EVERY = 16 * MIB;
/** Kept free for others: this share of the disk, or this much of it where that is less. */
const FREE_SHARE = 0.1;
const FREE_BYTES = 256 * MIB;

/** Disk space that all spools of a hub share. */
export class SpoolBudget {
  #used = 0;
  /** What may be taken before the disk is looked at again. */
  #allowance = 0;

  constructor(
    private readonly limit: number,
    private readonly files: Pick<SpoolFiles, 'space'>,
  ) {}

  get used(): number {
    return this.#used;
  }

  /**
   * @throws HubError `spool_full`, `disk_full`; then nothing is taken.
   * @throws what the operating system has to say about a disk that cannot be looked at.
   */
  take(bytes: number): void {
    if (this.#used + bytes > this.limit) {
      throw new HubError(
        'spool_full',
        `${this.#used} bytes wait on disk, and ${bytes} more are over the limit of ${this.limit}`,
      );
    }
    if (bytes > this.#allowance) this.#look(bytes);
    this.#allowance -= bytes;
    this.#used += bytes;
  }

  giveBack(bytes: number): void {
    this.#used -= bytes;
  }

  #look(bytes: number): void {
    const { free, total } = this.files.space();
    const reserve = Math.min(total * FREE_SHARE, FREE_BYTES);
    if (free - bytes < reserve) {
      throw new HubError(
        'disk_full',
        `${free} bytes of the disk are free, of which ${Math.round(reserve)} are left to others`,
      );
    }
    this.#allowance = Math.min(free - reserve, Math.max(bytes, LOOK_EVERY));
  }
}
