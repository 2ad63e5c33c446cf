import { existsSync, readFileSync } from 'node:fs';
import type { KeyText } from '../key-text.js';
import type { JournalMark } from '../lmdb/journal-mark.js';
import { changesIn, headAt, LINEAGE_BYTES, type RecordHead, type StoreChange } from './journal-record.js';

/** What journals have that a data file has not. */
export interface Recovered {
  /** Of each store that was written to, everything together; a key is there once. */
  readonly changes: readonly StoreChange[];
  /** The last epoch of these. */
  readonly epoch: number;
  /**
   * What is wrong with the journals, and costs something that was acknowledged. Empty after any crash of the process.
   * When the power was cut, what stores of durability `commit` and `memory` had not on the disk yet looks like damage.
   */
  readonly problems: readonly string[];
}

/** A journal that is being written to may be read in two moments, and seem damaged. Not so often in a row. */
export const ATTEMPTS = 3;

interface Epoch {
  readonly number: number;
  readonly records: readonly Buffer[];
  readonly isEnded: boolean;
  readonly problem: string | undefined;
}

/** The content of journals. The one that has been begun first comes first, so that what is read is of one moment. */
export function readJournals(files: readonly string[]): Buffer[] {
  const found = files.filter((file) => existsSync(file));
  const begun = found.map((file) => ({ file, epoch: epochIn(readFileSync(file)) }));
  begun.sort((a, b) => a.epoch - b.epoch);
  return begun.map(({ file }) => readFileSync(file));
}

/**
 * What is to be written to the data file: the epochs that follow the one it has, without a gap, up to the first record
 * that is not whole. A record that is not whole is the last one when it is only that the process or the power was gone.
 */
export function recover(journals: readonly Buffer[], mark: JournalMark): Recovered {
  const epochs = journals.map((bytes) => epochOf(bytes, mark.lineage)).filter((epoch) => epoch !== undefined);
  epochs.sort((a, b) => a.number - b.number);
  const problems = journals.map((bytes) => strangenessOf(bytes, mark)).filter((text) => text !== undefined);
  const stores = new Map<
    string,
    { change: StoreChange; writes: Map<KeyText, StoreChange['writes'][number]> }
  >();
  let epoch = mark.applied;
  for (const { number, records, isEnded, problem } of epochs) {
    if (number <= epoch) continue;
    if (number !== epoch + 1) {
      problems.push(`the journal goes on with epoch ${number} where ${epoch + 1} was to follow`);
      break;
    }
    epoch = number;
    for (const change of records.flatMap(changesIn)) {
      const store = stores.get(change.store) ?? { change, writes: new Map() };
      for (const write of change.writes) store.writes.set(write[0], write);
      stores.set(change.store, { ...store, change });
    }
    if (problem !== undefined) problems.push(problem);
    if (!isEnded) break;
  }
  const changes = [...stores.values()].map(({ change, writes }) => ({
    ...change,
    writes: [...writes.values()],
  }));
  return { changes, epoch, problems };
}

/** What a file has, if it begins with a record of this lineage. */
function epochOf(bytes: Buffer, lineage: Uint8Array): Epoch | undefined {
  const first = headAt(bytes, 0, lineage);
  if (first === undefined || first.sequence !== 0) return undefined;
  const records: Buffer[] = [];
  let at = 0;
  let head: RecordHead | undefined = first;
  while (head !== undefined && head.epoch === first.epoch && head.sequence === records.length) {
    if (head.isEnd) return { number: first.epoch, records, isEnded: true, problem: undefined };
    records.push(bytes.subarray(at, at + head.size));
    at += head.size;
    head = headAt(bytes, at, lineage);
  }
  const isLater = ({ epoch, sequence }: RecordHead) => epoch === first.epoch && sequence > records.length;
  return { number: first.epoch, records, isEnded: false, problem: damageAt(bytes, at, lineage, isLater) };
}

/** Why a file that does not begin with a record of this lineage is not simply empty, or worn out. */
function strangenessOf(bytes: Buffer, { lineage, applied }: JournalMark): string | undefined {
  if (epochOf(bytes, lineage) !== undefined) return undefined;
  if (epochIn(bytes) > 0 && bytes.compare(lineage, 0, LINEAGE_BYTES, 0, LINEAGE_BYTES) !== 0) {
    return 'the journal belongs to other data';
  }
  return damageAt(bytes, 0, lineage, ({ epoch }) => epoch > applied);
}

/** Told of whole records behind one that is not: they were acknowledged, so it was, too. */
function damageAt(
  bytes: Buffer,
  from: number,
  lineage: Uint8Array,
  isLost: (head: RecordHead) => boolean,
): string | undefined {
  let lost = 0;
  let at = bytes.indexOf(lineage, from);
  while (at !== -1) {
    const head = headAt(bytes, at, lineage);
    const counts = head !== undefined && isLost(head);
    if (counts) lost++;
    at = bytes.indexOf(lineage, at + (counts ? head.size : LINEAGE_BYTES));
  }
  if (lost === 0) return undefined;
  return `the journal is damaged at byte ${from}: ${lost} of its later commits cannot be used`;
}

/** Of the first record, whatever lineage it says. */
function epochIn(bytes: Buffer): number {
  return headAt(bytes, 0, bytes.subarray(0, LINEAGE_BYTES))?.epoch ?? 0;
}
