import { closeSync, constants, fdatasync, fstatSync, openSync, write } from 'node:fs';
import { promisify } from 'node:util';

const writeAt = promisify(write);
const syncData = promisify(fdatasync);

/** Bytes the file grows by. Written in advance, so that a record costs the disk no more than its own bytes. */
const STEP = 1024 * 1024;
const ZEROS = Buffer.alloc(STEP);

/** Elsewhere, a write is followed by a sync, because this means less there, or nothing. */
const SYNCED = process.platform === 'linux' ? constants.O_DSYNC : 0;

/** A file of records, one behind the other, which is written from the beginning again and again. */
export class JournalFile {
  readonly #plain: number;
  readonly #synced: number;
  /** Bytes the file has on the disk. */
  #size: number;
  /** Whether something was written that a synced write of other bytes would not cover. */
  #hasUnsynced = false;
  /** Where the next record goes. */
  end = 0;

  constructor(file: string) {
    const flags = constants.O_RDWR | constants.O_CREAT;
    this.#plain = openSync(file, flags, 0o600);
    try {
      this.#synced = openSync(file, flags | SYNCED, 0o600);
      this.#size = fstatSync(this.#plain).size;
    } catch (error) {
      closeSync(this.#plain);
      throw error;
    }
  }

  /**
   * Takes room on the disk for so many bytes behind what there is.
   *
   * @throws Error of the file system when there is none; nothing has been lost then.
   */
  async reserve(bytes: number): Promise<void> {
    while (this.#size < this.end + bytes) {
      const { bytesWritten } = await writeAt(this.#plain, ZEROS, 0, STEP, this.#size);
      this.#size += bytesWritten;
    }
  }

  /**
   * Writes a record behind the others. Room for it has been reserved.
   *
   * @param isSynced whether the disk must have it, and all before it.
   * @throws Error of the file system; the record may be there all the same, or a part of it, until the next one takes
   * its place or it is {@link erase}d.
   */
  async append(record: Uint8Array, isSynced: boolean): Promise<void> {
    const inOneGo = isSynced && SYNCED !== 0 && !this.#hasUnsynced;
    await this.#write(inOneGo ? this.#synced : this.#plain, record);
    if (!isSynced) {
      this.#hasUnsynced = true;
    } else if (!inOneGo) {
      await syncData(this.#plain);
      this.#hasUnsynced = false;
    }
    this.end += record.length;
  }

  /** Makes sure that nothing is read behind the last record that was written in full. */
  async erase(bytes: number): Promise<void> {
    await this.#write(this.#plain, ZEROS.subarray(0, bytes));
    await syncData(this.#plain);
    this.#hasUnsynced = false;
  }

  /** What it has is not needed any more. */
  rewind(): void {
    this.end = 0;
  }

  close(): void {
    closeSync(this.#plain);
    closeSync(this.#synced);
  }

  async #write(file: number, bytes: Uint8Array): Promise<void> {
    const { bytesWritten } = await writeAt(file, bytes, 0, bytes.length, this.end);
    if (bytesWritten === bytes.length) return;
    const error = new Error(`EIO: i/o error, ${bytesWritten} of ${bytes.length} bytes were written`);
    throw Object.assign(error, { code: 'EIO' });
  }
}
