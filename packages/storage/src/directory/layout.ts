import path from 'node:path';

/** The files of a data directory. */
export const FILES = {
  data: 'data.mdb',
  /** LMDB's own, of who reads what. */
  readers: 'data.mdb-lock',
  lock: 'lock.mdb',
  state: 'iii-data.json',
} as const;

export function dataFile(directory: string): string {
  return path.join(directory, FILES.data);
}

/** A name for a directory that things are put aside in, which sorts by time and is a file name everywhere. */
export function asideName(purpose: string, now: Date): string {
  return `${purpose}-${now.toISOString().replaceAll(':', '-')}`;
}
