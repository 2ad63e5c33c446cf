import { closeSync, fstatSync, openSync, write, writeSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Bytes the file grows by at least: so much is lost to a store that holds little, and growing is seldom. */
const STEP = 1024 * 1024;
const ZEROS = Buffer.alloc(STEP);

const writeAt = promisify(write);

/** A disk with so much room, and several times what is needed, is not going to be full before it has been written. */
const PLENTY = 256 * STEP;
const PLENTY_TIMES = 4;

/**
 * Room on the disk for what LMDB is about to write, taken before it does, where there is not plenty of it.
 *
 * A disk that is full is met here, where nothing has begun, and not by LMDB in the middle of a commit. And there is
 * room left for deleting things when there is none for anything else. LMDB goes by what it has used of its file, and
 * does not mind what follows. It must not be at work meanwhile.
 */
export class Headroom {
  readonly #file: number;

  /** @param free tells the bytes that are left on the disk of a file. */
  constructor(
    private readonly path: string,
    private readonly free: (file: string) => Promise<number> = freeBytes,
  ) {
    this.#file = openSync(path, 'r+');
  }

  /** @param end bytes from the beginning of the file that must be on the disk, or surely can be. */
  async ensure(end: number): Promise<void> {
    // LMDB makes the file longer, too.
    let { size } = fstatSync(this.#file);
    if (size >= end) return;
    if ((await this.free(this.path)) >= Math.max(PLENTY, PLENTY_TIMES * (end - size))) return;
    while (size < end) size += (await writeAt(this.#file, ZEROS, 0, STEP, size)).bytesWritten;
  }

  /** The same at once, for when nobody is being served yet. */
  ensureSync(end: number): void {
    let { size } = fstatSync(this.#file);
    while (size < end) size += writeSync(this.#file, ZEROS, 0, STEP, size);
  }

  close(): void {
    closeSync(this.#file);
  }
}

async function freeBytes(file: string): Promise<number> {
  const { bavail, bsize } = await statfs(file);
  return bavail * bsize;
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
