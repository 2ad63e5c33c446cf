import { rmSync } from 'node:fs';
import { JournalFile } from './journal-file.js';
import { HEAD_BYTES, type Place, type StoreChange, writeRecord } from './journal-record.js';

/** What {@link Journal} begins with. */
export interface JournalStart {
  /** Two, absolute. What they have must not be needed. */
  readonly files: readonly [string, string];
  readonly lineage: Uint8Array;
  /** The one after the last that the data file has. */
  readonly epoch: number;
  /** Bytes of a file. */
  readonly maxBytes: number;
}

/**
 * Commits as they come, written down one behind the other, so that each takes one write. An epoch is what one file has;
 * while the data file takes it over, the next epoch goes to the other file.
 */
export class Journal {
  readonly #paths: readonly string[];
  readonly #lineage: Uint8Array;
  readonly #maxBytes: number;
  #active: JournalFile;
  #other: JournalFile;
  #epoch: number;
  #sequence = 0;
  /** Whether a record was begun behind the last one that counts. */
  #isTorn = false;
  #record: Buffer = Buffer.alloc(0);

  /** @throws Error of the file system. */
  constructor({ files, lineage, epoch, maxBytes }: JournalStart) {
    this.#paths = files;
    this.#lineage = lineage;
    this.#epoch = epoch;
    this.#maxBytes = maxBytes;
    this.#active = new JournalFile(files[0]);
    try {
      this.#other = new JournalFile(files[1]);
    } catch (error) {
      this.#active.close();
      throw error;
    }
  }

  /** What is being written belongs to this epoch. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Whether a record of so many bytes, as `sizeOf` counts them, is not too much for a journal at all. */
  takes(size: number): boolean {
    return size + HEAD_BYTES <= this.#maxBytes;
  }

  /** Whether there is room for it in this epoch. */
  hasRoom(size: number): boolean {
    return this.#active.end + size + HEAD_BYTES <= this.#maxBytes;
  }

  /**
   * @param size of the record, as `sizeOf` counts it.
   * @param isSynced whether the disk must have it, or the operating system is enough.
   * @param isLast whether it ends the epoch: the next one begins in the other file, whose epoch the data file must have.
   * That takes no write of its own.
   * @throws Error of the file system: it does not count, unless the process ends before it could be erased.
   */
  async append(
    changes: readonly StoreChange[],
    size: number,
    isSynced: boolean,
    isLast = false,
  ): Promise<void> {
    // With room for the end of the epoch: that must not fail for want of it.
    const room = size + HEAD_BYTES;
    if (this.#record.length < room) this.#record = Buffer.allocUnsafeSlow(room);
    writeRecord(this.#record, this.#place(0), changes);
    if (isLast) writeRecord(this.#record.subarray(size), this.#place(1), []);
    await this.#active.reserve(room);
    this.#isTorn = true;
    await this.#active.append(this.#record.subarray(0, isLast ? room : size), isSynced || isLast);
    this.#isTorn = false;
    this.#sequence++;
    if (isLast) this.#turn();
  }

  /** Makes sure that what could not be appended does not count later. */
  async erase(): Promise<void> {
    if (this.#isTorn) await this.#active.erase(HEAD_BYTES);
    this.#isTorn = false;
  }

  /** Ends the epoch and begins the next one in the other file, whose epoch the data file must have. */
  async end(): Promise<void> {
    const end = Buffer.alloc(HEAD_BYTES);
    writeRecord(end, this.#place(0), []);
    await this.#active.append(end, true);
    this.#turn();
  }

  /** The data file has everything, this epoch included: begins the next one in the same file. */
  restart(): void {
    this.#begin();
  }

  /** @param isNeeded whether there is something in it that the data file does not have. */
  close(isNeeded: boolean): void {
    this.#active.close();
    this.#other.close();
    if (!isNeeded) for (const file of this.#paths) rmSync(file, { force: true });
  }

  #place(ahead: number): Place {
    return { lineage: this.#lineage, epoch: this.#epoch, sequence: this.#sequence + ahead };
  }

  #turn(): void {
    [this.#active, this.#other] = [this.#other, this.#active];
    this.#begin();
  }

  #begin(): void {
    this.#active.rewind();
    this.#sequence = 0;
    this.#isTorn = false;
    this.#epoch++;
  }
}
