import { access, constants, mkdir, realpath, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { type CommitBackend, GroupCommit } from '../commit/group-commit.js';
import { StorageError } from '../errors.js';
import { JournaledEnvironment } from '../journal/journaled-environment.js';
import { readJournals } from '../journal/recovery.js';
import { takeOver } from '../journal/take-over.js';
import { LmdbEnvironment } from '../lmdb/environment.js';
import { syncDirectory, writeDurably } from './durable-file.js';
import { headerOf, NO_DATA_OF_OURS, OTHER_VERSION } from './header.js';
import { inspect } from './inspect.js';
import type { InspectionReport } from './inspection.js';
import { asideName, dataFile, FILES, journalFiles } from './layout.js';
import { DirectoryLock } from './lock.js';
import { type Condition, markClosed, markOpen, readCondition } from './state-file.js';

export interface OpenDirectoryOptions {
  /** Told what somebody should know though nothing fails. */
  readonly warn: (message: string) => void;
  readonly now: () => Date;
  /** Bytes of a file of the journal. */
  readonly journalBytes: number;
  /** What commits go through on their way to the file. */
  readonly through?: (backend: CommitBackend) => CommitBackend;
}

/** Milliseconds a data file is looked at after it was not closed in order. LMDB itself needs no repair. */
const CHECK_MS = 5_000;

/** Makes the directory where there is none. */
export async function preparedDirectory(directory: string): Promise<string> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const real = await realpath(directory);
    if (!(await stat(real)).isDirectory())
      throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
    await access(real, constants.R_OK | constants.W_OK | constants.X_OK);
    return real;
  } catch (cause) {
    throw unusable(directory, cause as NodeJS.ErrnoException);
  }
}

/** A data directory this process has to itself. */
export class OpenDirectory {
  readonly group: GroupCommit;
  /** Names of stores that are open. */
  readonly open = new Set<string>();

  private constructor(
    readonly directory: string,
    readonly environment: JournaledEnvironment,
    private readonly data: LmdbEnvironment,
    private readonly lock: DirectoryLock,
    private readonly warn: (message: string) => void,
    backend: CommitBackend,
  ) {
    this.group = new GroupCommit(backend);
  }

  /**
   * Locks the directory, and opens its data. What turns out to be damaged is moved aside first, and said.
   *
   * @throws StorageError DIRECTORY_LOCKED, DIRECTORY_UNUSABLE
   */
  static async open(directory: string, options: OpenDirectoryOptions): Promise<OpenDirectory> {
    const lock = DirectoryLock.take(directory);
    try {
      await putDamagedAside(directory, options);
      await markOpen(directory);
      const data = new LmdbEnvironment(dataFile(directory));
      try {
        const environment = await journaled(data, directory, options);
        const backend = options.through?.(environment) ?? environment;
        return new OpenDirectory(directory, environment, data, lock, options.warn, backend);
      } catch (error) {
        await data.close();
        throw error;
      }
    } catch (error) {
      await lock.release();
      throw error instanceof StorageError ? error : unusable(directory, error as NodeJS.ErrnoException);
    }
  }

  async close(): Promise<void> {
    try {
      const isComplete = await this.environment.close().finally(() => this.data.close());
      if (isComplete) await this.#markClosed();
    } finally {
      await this.lock.release();
    }
  }

  /** Without the mark, the next start takes the time to look at the data: nothing that closing should fail for. */
  async #markClosed(): Promise<void> {
    try {
      const { size } = await stat(dataFile(this.directory));
      await markClosed(this.directory, size);
    } catch (error) {
      this.warn(`${this.directory} could not be marked as closed: ${(error as Error).message}`);
    }
  }
}

/** The data file takes over what the journal has, which is then there for what comes. */
async function journaled(
  data: LmdbEnvironment,
  directory: string,
  options: OpenDirectoryOptions,
): Promise<JournaledEnvironment> {
  const { warn, journalBytes: maxBytes } = options;
  const files = journalFiles(directory);
  const { mark, problems } = await takeOver(data, readJournals(files));
  if (problems.length > 0) {
    const aside = await putAside(directory, FILES.journals, problems, options.now());
    const what = `the journal in ${directory} is not all as it was written (${problems.join('; ')})`;
    warn(`${what}: what could be used has been, and it has been moved to ${aside}`);
  }
  const environment = new JournaledEnvironment(data, { files, maxBytes, mark, warn });
  try {
    await syncDirectory(directory);
    return environment;
  } catch (error) {
    await environment.close();
    throw error;
  }
}

/** Only what LMDB cannot work with: values that are damaged are told when they are read, and cost nobody the others. */
async function putDamagedAside(directory: string, { warn, now }: OpenDirectoryOptions): Promise<void> {
  const file = dataFile(directory);
  const condition = await readCondition(directory);
  const header = headerOf(file);
  if (header === 'missing') return;
  if (header === 'foreign') throw new StorageError('DIRECTORY_UNUSABLE', `${file}: ${OTHER_VERSION}`);
  if (header === 'whole' && isAsItWasLeft(condition, (await stat(file)).size)) return;
  const report = header === 'damaged' ? NOT_OURS : await reportOn(file, warn);
  const [first] = report?.problems ?? [];
  if (report === undefined || first === undefined) return;
  if (report.usable) {
    warn(`the data in ${directory} is used, and is not all as it was written: ${report.problems.join('; ')}`);
    return;
  }
  const names = [FILES.data, FILES.readers, ...FILES.journals];
  const aside = await putAside(directory, names, report.problems, now());
  warn(
    `the data in ${directory} is damaged (${first}): it has been moved to ${aside}, and everything starts empty; ` +
      '`iii data restore` brings back a backup',
  );
}

/** @returns the directory that was made for it, with a report in it. */
async function putAside(
  directory: string,
  names: readonly string[],
  problems: readonly string[],
  now: Date,
): Promise<string> {
  const aside = path.join(directory, asideName('quarantine', now));
  await mkdir(aside, { recursive: true, mode: 0o700 });
  await writeDurably(path.join(aside, 'report.txt'), `${problems.join('\n')}\n`);
  for (const name of names) {
    await rename(path.join(directory, name), path.join(aside, name)).catch(ignoreMissing);
  }
  return aside;
}

const NOT_OURS: InspectionReport = {
  stores: [],
  problems: [NO_DATA_OF_OURS],
  usable: false,
  complete: true,
};

function isAsItWasLeft(condition: Condition, size: number): boolean {
  return condition.kind === 'closed' && condition.dataBytes === size;
}

/** Undefined when nothing could be found out; most files are whole, and nobody is to lose one for that. */
async function reportOn(
  file: string,
  warn: OpenDirectoryOptions['warn'],
): Promise<InspectionReport | undefined> {
  try {
    return await inspect(file, { limitMs: CHECK_MS });
  } catch (error) {
    warn(`${file} was not closed in order, and could not be checked: ${(error as Error).message}`);
    return undefined;
  }
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

function unusable(directory: string, cause: NodeJS.ErrnoException): StorageError {
  const text = `the data directory ${directory} cannot be used: ${cause.message}`;
  return new StorageError('DIRECTORY_UNUSABLE', text, { cause });
}
