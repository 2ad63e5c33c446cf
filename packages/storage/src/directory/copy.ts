import { open } from 'lmdb';
import { ENVIRONMENT_OPTIONS } from '../lmdb/environment.js';
import { makeReaderTable } from '../lmdb/reader-table.js';

/**
 * Copies a data file as it is at this moment, whoever writes to it meanwhile, without what it does not use.
 *
 * A damaged file may end the process that reads it: use it through `copyData`.
 */
export async function copyHere(file: string, target: string): Promise<void> {
  makeReaderTable(file);
  const root = open({ path: file, ...ENVIRONMENT_OPTIONS, readOnly: true });
  try {
    await root.backup(target, true);
  } finally {
    await root.close();
  }
}
