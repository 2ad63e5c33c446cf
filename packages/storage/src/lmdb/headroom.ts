import { closeSync, fstatSync, openSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';

/** Bytes the file grows by at least: so much is lost to a store that holds little, and growing is seldom. */
const STEP = 1024 * 1024;
const ZEROS = Buffer.alloc(STEP);

const writeAt = promisify(write);

/**
 * Room on the disk for what LMDB is about to write, taken before it does.
 *
 * A disk that is full is met here, where nothing has begun, and not by LMDB in the middle of a commit. And there is
 * room left for deleting things when there is none for anything else. LMDB goes by what it has used of its file, and
 * does not mind what follows.
 */
export class Headroom {
  readonly #file: number;
  #end: number;

  constructor(file: string) {
    this.#file = openSync(file, 'r+');
    this.#end = fstatSync(this.#file).size;
  }

  /** @param end bytes from the beginning of the file that must be on the disk. */
  async ensure(end: number): Promise<void> {
    while (this.#end < end) {
      const { bytesWritten } = await writeAt(this.#file, ZEROS, 0, STEP, this.#end);
      this.#end += bytesWritten;
    }
  }

  /** The same at once, for when nobody is being served yet. */
  ensureSync(end: number): void {
    while (this.#end < end) this.#end += writeSync(this.#file, ZEROS, 0, STEP, this.#end);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Of each entry, beside its key and value. */
const ENTRY_BYTES = 16;

/**
 * What a commit may take at most, in pages that have not been used before.
 *
 * LMDB never changes a page: of each entry, it writes the leaf and the branches above it anew, if there are so many
 * pages at all. What is added needs pages of its own, filled by a third or more: leaves that were split in two, and
 * whole pages of large values. Besides, there are the trees of the totals and of free pages.
 *
 * @param used pages that the file has.
 */
export function roomFor(entries: number, bytes: number, used: number, page: number): number {
  const copies = Math.min(4 * entries, used);
  const added = Math.ceil((3 * (bytes + entries * ENTRY_BYTES)) / page);
  return 64 + copies + Math.ceil(copies / 256) + added;
}
