import path from 'node:path';

/** The files of a data directory. */
export const FILES = {
  data: 'data.mdb',
  /** LMDB's own, of who reads what. */
  readers: 'data.mdb-lock',
  /** What has been acknowledged, and is not in the data file yet. */
  journals: ['journal-a', 'journal-b'],
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

export function journalFiles(directory: string): readonly [string, string] {
  const [a, b] = FILES.journals;
  return [path.join(directory, a), path.join(directory, b)];
}

/** The journal of a data file. A file of another name is a copy, and complete. */
export function journalsOf(file: string): readonly string[] {
  return path.basename(file) === FILES.data ? journalFiles(path.dirname(file)) : [];
}
