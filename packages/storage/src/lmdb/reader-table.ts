import { existsSync, linkSync, rmSync, writeFileSync } from 'node:fs';

/** What LMDB wants for its 126 readers, rounded up to whole pages. */
const BYTES = 3 * 4096;

/** What file systems answer that cannot link; on those, LMDB makes the file its own way. */
const WITHOUT_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/**
 * Makes the file beside a data file in which LMDB keeps who reads it, in full, before LMDB does.
 *
 * LMDB makes it without taking room on the disk and writes to it through memory: on a disk that is full, that ends the
 * process. Two who make it at once get the same one, whole.
 *
 * @param file the data file.
 * @throws Error of the file system, for instance when there is no room.
 */
export function makeReaderTable(file: string): void {
  const table = `${file}-lock`;
  if (existsSync(table)) return;
  const draft = `${table}.${process.pid}.new`;
  try {
    writeFileSync(draft, Buffer.alloc(BYTES), { mode: 0o600 });
    linkSync(draft, table);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST' && !WITHOUT_LINKS.has(code)) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
