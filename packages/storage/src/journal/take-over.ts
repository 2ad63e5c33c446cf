import type { LmdbEnvironment } from '../lmdb/environment.js';
import type { JournalMark } from '../lmdb/journal-mark.js';
import { storeWritesOf } from './journal-record.js';
import { recover } from './recovery.js';

/**
 * Writes to a data file what journals have beyond it.
 *
 * @param journals as `readJournals` gives them.
 * @returns where the journal goes on, and what is wrong with it.
 */
export async function takeOver(
  data: LmdbEnvironment,
  journals: readonly Buffer[],
): Promise<{ readonly mark: JournalMark; readonly problems: readonly string[] }> {
  const before = await data.mark();
  const { changes, epoch, problems } = recover(journals, before);
  const mark: JournalMark = { ...before, applied: epoch };
  if (epoch > before.applied) {
    for (const { store } of changes) data.openStore(store);
    await data.commit(changes.map(storeWritesOf), mark);
  }
  return { mark, problems };
}
