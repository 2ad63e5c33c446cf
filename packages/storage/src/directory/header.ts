import { open } from 'node:fs/promises';

/** Where LMDB has its two meta pages begins with this, behind the header of the page. */
const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;
const SMALLEST_PAGE = 4096;

/**
 * Whether a file begins as LMDB's do, and has whole pages. A file of no bytes is one that LMDB was about to make.
 *
 * This is what can be known without mapping the file into memory.
 */
export async function looksWhole(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size === 0) return true;
    if (size < 2 * SMALLEST_PAGE || size % SMALLEST_PAGE !== 0) return false;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SMALLEST_PAGE), 0, SMALLEST_PAGE, 0);
    return bytesRead === SMALLEST_PAGE && buffer.readUInt32LE(MAGIC_AT) === MAGIC;
  } finally {
    await handle.close();
  }
}
