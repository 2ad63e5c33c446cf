import { existsSync } from 'node:fs';
import { realpath, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../errors.js';
import { copyDurably, moveDurably, syncFile } from './durable-file.js';
import { headerOf, NO_DATA_OF_OURS, OTHER_VERSION } from './header.js';
import { copyData, inspect } from './inspect.js';
import type { InspectionReport, StoreReport } from './inspection.js';
import { dataFile, FILES, journalFiles, journalsOf } from './layout.js';
import { DirectoryLock } from './lock.js';
import { preparedDirectory } from './open-directory.js';
import { markClosed, readCondition } from './state-file.js';

/** What a long piece of work is at. */
export type DataProgress =
  | { readonly step: 'copying'; readonly bytes: number; readonly of: number }
  | { readonly step: 'checking'; readonly entries: number };

export interface CopyOptions {
  /** Whether data that is there already may be lost. Default false. */
  readonly force?: boolean;
  readonly progress?: (progress: DataProgress) => void;
}

/** What has been copied. */
export interface CopyReport {
  /** The data file that has been written, absolute. */
  readonly file: string;
  /** Bytes of that file. */
  readonly size: number;
  readonly stores: readonly StoreReport[];
}

/** Milliseconds between looks at how far a copy is. */
const LOOK_EVERY_MS = 250;

/**
 * Copies the data of a directory to another one, as of one moment, whether an engine uses it or not. What was written
 * is read back before it counts.
 *
 * @throws StorageError NO_DATA, NOT_A_BACKUP, TARGET_EXISTS, COPY_FAILED, DIRECTORY_UNUSABLE
 */
export async function backupData(
  directory: string,
  target: string,
  options: CopyOptions = {},
): Promise<CopyReport> {
  const source = await existingDataFile(directory);
  await readCondition(path.dirname(source));
  requireReadable(source);
  return fill(target, source, options, (draft) => copyData(source, draft));
}

/**
 * Makes a backup the data of a directory that no engine uses.
 *
 * @param source the directory, or the file, that {@link backupData} wrote.
 * @throws StorageError NO_DATA, NOT_A_BACKUP, TARGET_EXISTS, DIRECTORY_LOCKED, DIRECTORY_UNUSABLE
 */
export async function restoreData(
  source: string,
  directory: string,
  options: CopyOptions = {},
): Promise<CopyReport> {
  const file = await existingDataFile(source);
  requireReadable(file);
  // What `backupData` wrote has no journal; a directory that was left by a crash may have one.
  const isWhole = !journalsOf(file).some((journal) => existsSync(journal));
  return fill(directory, file, options, (draft) =>
    isWhole ? copyDurably(file, draft) : copyData(file, draft),
  );
}

/**
 * Reads everything a directory has, or a file, whether an engine uses it or not. What is only in the journal yet is
 * looked at, and not counted.
 *
 * @throws StorageError NO_DATA
 */
export async function verifyData(
  source: string,
  progress: (progress: DataProgress) => void = () => {},
): Promise<InspectionReport & { readonly file: string }> {
  const file = await existingDataFile(source);
  const problem = problemOf(file);
  if (problem !== undefined) {
    return { file, stores: [], problems: [problem], usable: false, complete: true };
  }
  const tell = (entries: number) => progress({ step: 'checking', entries });
  return { file, ...(await inspect(file, { journals: journalsOf(file), progress: tell })) };
}

/** Puts a copy where nothing is half there at any time. */
async function fill(
  target: string,
  source: string,
  { force = false, progress = () => {} }: CopyOptions,
  copy: (draft: string) => Promise<void>,
): Promise<CopyReport> {
  const directory = await preparedDirectory(target);
  const file = dataFile(directory);
  if (file === source) throw new StorageError('TARGET_EXISTS', `${file} cannot be copied onto itself`);
  const lock = DirectoryLock.take(directory);
  const draft = `${file}.new`;
  try {
    if (!force && (await sizeOf(file)) !== undefined) {
      throw new StorageError('TARGET_EXISTS', `there is data in ${directory} already`);
    }
    await rm(draft, { force: true });
    await watched(draft, (await sizeOf(source)) ?? 0, progress, () => copy(draft));
    await syncFile(draft);
    const { problems, stores } = await inspect(draft, {
      progress: (entries) => progress({ step: 'checking', entries }),
    });
    const [problem] = problems;
    if (problem !== undefined) throw new StorageError('NOT_A_BACKUP', `${source} is damaged: ${problem}`);
    await rm(path.join(directory, FILES.readers), { force: true });
    await moveDurably(draft, file);
    for (const journal of journalFiles(directory)) await rm(journal, { force: true });
    const { size } = await stat(file);
    await markClosed(directory, size);
    return { file, size, stores };
  } finally {
    await rm(draft, { force: true });
    await lock.release();
  }
}

async function watched(
  draft: string,
  of: number,
  progress: (progress: DataProgress) => void,
  work: () => Promise<void>,
): Promise<void> {
  const look = setInterval(() => {
    void sizeOf(draft).then((bytes = 0) => progress({ step: 'copying', bytes, of }));
  }, LOOK_EVERY_MS);
  try {
    await work();
  } finally {
    clearInterval(look);
  }
}

async function existingDataFile(source: string): Promise<string> {
  try {
    const real = await realpath(source);
    const file = (await stat(real)).isDirectory() ? dataFile(real) : real;
    if ((await sizeOf(file)) !== undefined) return file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  throw new StorageError('NO_DATA', `there is no data in ${path.resolve(source)}`);
}

/** What is wrong with how a file begins. */
function problemOf(file: string): string | undefined {
  const header = headerOf(file);
  if (header === 'foreign') return OTHER_VERSION;
  return header === 'whole' ? undefined : NO_DATA_OF_OURS;
}

function requireReadable(file: string): void {
  const problem = problemOf(file);
  if (problem !== undefined) throw new StorageError('NOT_A_BACKUP', `${file}: ${problem}`);
}

/** Bytes; undefined when there is no such file. */
async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
