import { rmSync } from 'node:fs';
import { open } from 'lmdb';
import { ATTEMPTS, readJournals } from '../journal/recovery.js';
import { takeOver } from '../journal/take-over.js';
import { ENVIRONMENT_OPTIONS, LmdbEnvironment } from '../lmdb/environment.js';
import { makeReaderTable } from '../lmdb/reader-table.js';
import { journalsOf } from './layout.js';

/**
 * Copies a data file as it is at this moment, whoever writes to it meanwhile, without what it does not use, and with
 * what its journal has in addition.
 *
 * A damaged file may end the process that reads it: use it through `copyData`.
 */
export async function copyHere(file: string, target: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    // Before the data file: what it takes over meanwhile is then in both, and nothing is in neither.
    const journals = readJournals(journalsOf(file));
    rmSync(target, { force: true });
    await copyAlone(file, target);
    const problems = journals.length === 0 ? [] : await complete(target, journals);
    if (problems.length === 0) return;
    if (attempt === ATTEMPTS) throw new Error(problems.join('; '));
  }
}

/** Without its journal. */
async function copyAlone(file: string, target: string): Promise<void> {
  makeReaderTable(file);
  const root = open({ path: file, ...ENVIRONMENT_OPTIONS, readOnly: true });
  try {
    await root.backup(target, true);
  } finally {
    await root.close();
  }
}

async function complete(target: string, journals: readonly Buffer[]): Promise<readonly string[]> {
  const data = new LmdbEnvironment(target);
  try {
    return (await takeOver(data, journals)).problems;
  } finally {
    await data.close();
    rmSync(`${target}-lock`, { force: true });
  }
}
