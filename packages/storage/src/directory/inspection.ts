import { type Database, open } from 'lmdb';
import { ATTEMPTS, readJournals, recover } from '../journal/recovery.js';
import { compareKeys } from '../key.js';
import { ENVIRONMENT_OPTIONS, STORE_PREFIX, TOTALS_DATABASE } from '../lmdb/environment.js';
import { decodeMark, MARK_KEY } from '../lmdb/journal-mark.js';
import { makeReaderTable } from '../lmdb/reader-table.js';
import { decodeTotals } from '../lmdb/totals.js';
import { isWhole, valueIn } from '../record.js';

/** What was found in one store. */
export interface StoreReport {
  readonly name: string;
  readonly entries: number;
  readonly bytes: number;
}

/** What was found in a data file. */
export interface InspectionReport {
  readonly stores: readonly StoreReport[];
  /** Empty when everything is as it was written. */
  readonly problems: readonly string[];
  /** Whether LMDB can work with the file, whatever some of its values are. */
  readonly usable: boolean;
  /** Whether everything was looked at. */
  readonly complete: boolean;
}

export interface InspectionOptions {
  /** Milliseconds after which no more is looked at. */
  readonly limitMs: number;
  readonly now: () => number;
  /** Files of the journal that are to be looked at, too. */
  readonly journals: readonly string[];
  /** Told now and then how many entries have been looked at. */
  readonly progress: (entries: number) => void;
}

/** Problems are told up to this many per store. */
const MOST_PROBLEMS = 10;
const PROGRESS_EVERY = 10_000;

/** LMDB's numbers for a file of a later version, or of another system. */
const NOT_OURS: ReadonlySet<unknown> = new Set([-30_794, -30_784]);

/**
 * Whether an error of reading is about what is in the file. Those of the operating system have positive numbers or
 * names, and say nothing of the kind: no memory, no permission, no room.
 */
export function isDamage(error: unknown): boolean {
  const { code = -1 } = error as { code?: unknown };
  return typeof code === 'number' && code < 0 && !NOT_OURS.has(code);
}

/** lmdb ends the names of databases with a zero byte. */
function nameOfDatabase(key: Uint8Array): string {
  return Buffer.from(key).toString().replace(/\0$/, '');
}

/**
 * Reads every entry of a data file, and compares it with its checksum, its neighbours and the totals.
 *
 * A damaged file may end the process that reads it: use it through `inspect`.
 *
 * @throws what cannot be told from the file, as {@link isDamage} says, and what makes all of it unreadable.
 */
export function inspectHere(file: string, options: InspectionOptions): InspectionReport {
  const problems: string[] = [];
  const stores: StoreReport[] = [];
  const walk = { end: options.now() + options.limitMs, entries: 0, complete: true, usable: true };
  makeReaderTable(file);
  const root = open<Uint8Array, Uint8Array>({ path: file, ...ENVIRONMENT_OPTIONS, readOnly: true });
  const database = (name: string): Database<Uint8Array, Uint8Array> | undefined =>
    root.openDB({ name, encoding: 'binary', keyEncoding: 'binary' });
  const totals = database(TOTALS_DATABASE);
  const names = [...root.getKeys()].map(nameOfDatabase);
  for (const name of names.filter((each) => each.startsWith(STORE_PREFIX))) {
    const store = name.slice(STORE_PREFIX.length);
    try {
      const entries = database(name)?.getRange() ?? [];
      const report = walkStore(store, entries, problems);
      if (report !== undefined) compareTotals(report);
    } catch (error) {
      if (!isDamage(error)) throw error;
      problems.push(`store ${store}: ${(error as Error).message}`);
      walk.usable = false;
    }
  }
  problems.push(...journalProblems());
  return { stores, problems, usable: walk.usable, complete: walk.complete };

  function journalProblems(): readonly string[] {
    if (options.journals.length === 0) return [];
    for (let attempt = 1; ; attempt++) {
      const journals = readJournals(options.journals);
      root.resetReadTxn();
      const record = totals?.getBinary(MARK_KEY);
      if (record === undefined || !isWhole(MARK_KEY, record)) return [];
      const found = recover(journals, decodeMark(valueIn(record))).problems;
      if (found.length === 0 || attempt === ATTEMPTS) return found;
    }
  }

  function walkStore(
    name: string,
    all: Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>,
    into: string[],
  ): StoreReport | undefined {
    let [entries, bytes, wrong] = [0, 0, 0];
    let before: Uint8Array | undefined;
    const tell = (key: Uint8Array, what: string) => {
      if (++wrong <= MOST_PROBLEMS)
        into.push(`store ${name}: key 0x${Buffer.from(key).toString('hex')} ${what}`);
    };
    for (const { key, value } of all) {
      if (before !== undefined && compareKeys(before, key) >= 0) tell(key, 'is not in its place');
      if (!isWhole(key, value)) tell(key, 'has a value that is not what was written');
      before = key;
      entries++;
      bytes += key.length + valueIn(value).length;
      if (++walk.entries % PROGRESS_EVERY > 0) continue;
      options.progress(walk.entries);
      if (options.now() < walk.end) continue;
      walk.complete = false;
      return undefined;
    }
    if (wrong > MOST_PROBLEMS) into.push(`store ${name}: and ${wrong - MOST_PROBLEMS} more`);
    return { name, entries, bytes };
  }

  function compareTotals(report: StoreReport): void {
    stores.push(report);
    const key = Buffer.from(report.name);
    const record = totals?.getBinary(key);
    const known =
      record !== undefined && isWhole(key, record) ? decodeTotals(valueIn(record)) : { entries: 0, bytes: 0 };
    if (known.entries === report.entries && known.bytes === report.bytes) return;
    const counted = `${known.entries} entries of ${known.bytes} bytes`;
    problems.push(
      `store ${report.name}: ${counted} were counted, ${report.entries} of ${report.bytes} are there`,
    );
  }
}
