import { accessSync, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** How LMDB's files begin, behind the header of the first page. */
const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;
const VERSION = 2;
const VERSION_AT = 28;
const SMALLEST_PAGE = 4096;

/**
 * What can be known of a file without mapping it into memory. `missing`: there is none, or LMDB was about to make it.
 * `damaged`: it is none of LMDB's, or has no whole pages at its beginning. `foreign`: it is of another version.
 */
export type Header = 'missing' | 'damaged' | 'foreign' | 'whole';

/**
 * Looks at how a file begins. To be done before LMDB opens it: lmdb may end the process when LMDB refuses to.
 *
 * @throws Error of the file system when it may not be read or written.
 */
export function headerOf(file: string): Header {
  let descriptor: number;
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    descriptor = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'missing';
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size === 0) return 'missing';
    const page = Buffer.alloc(SMALLEST_PAGE);
    if (size < 2 * SMALLEST_PAGE || readSync(descriptor, page, 0, SMALLEST_PAGE, 0) < SMALLEST_PAGE) {
      return 'damaged';
    }
    if (page.readUInt32LE(MAGIC_AT) !== MAGIC) return 'damaged';
    return page.readUInt16LE(VERSION_AT) === VERSION ? 'whole' : 'foreign';
  } finally {
    closeSync(descriptor);
  }
}

export const NO_DATA_OF_OURS = 'it is no data of iii: it begins differently, or is cut off';
export const OTHER_VERSION = 'it was written by another version of LMDB';
