import { expect, it } from 'vitest';
import { textOf } from '../key-text.js';
import { type StoreChange, sizeOf, writeRecord } from './journal-record.js';
import { recover } from './recovery.js';

const lineage = Buffer.from('lineage!');
const mark = { lineage, applied: 4 };

function put(key: string, value: string | undefined, entries = 1): StoreChange[] {
  const record = value === undefined ? undefined : Buffer.from(value);
  return [{ store: 's', totals: { entries, bytes: 0 }, writes: [[textOf(Buffer.from(key)), record]] }];
}

/** A file with these records of one epoch; an empty one ends it. What was there before shows behind them. */
function file(
  epoch: number,
  records: readonly StoreChange[][],
  before: Buffer = Buffer.alloc(2_000),
  from = lineage,
): Buffer {
  const bytes = Buffer.from(before);
  let at = 0;
  for (const [sequence, changes] of records.entries()) {
    at += writeRecord(bytes.subarray(at), { lineage: from, epoch, sequence }, changes);
  }
  return bytes;
}

const END: StoreChange[] = [];

/** Keys and values of the store, and what else there is to say. */
function found(...journals: Buffer[]) {
  const { changes, epoch, problems } = recover(journals, mark);
  const writes = changes.flatMap((change) => change.writes);
  const values = writes.map(([key, record]) => `${key}=${record && Buffer.from(record)}`);
  return { values: values.sort(), epoch, problems, entries: changes[0]?.totals.entries };
}

it('nothing is in files that are new, or that the data file has all of', () => {
  const nothing = { values: [], epoch: 4, problems: [], entries: undefined };
  expect(found()).toEqual(nothing);
  expect(found(Buffer.alloc(0), Buffer.alloc(1_000))).toEqual(nothing);
  expect(found(file(3, [put('a', '1'), END]), file(4, [put('a', '2')]))).toEqual(nothing);
});

it('the last value of a key counts, through both files, whichever comes first', () => {
  const older = file(5, [put('a', '1'), put('b', '1', 2), put('a', '2', 2), END]);
  const newer = file(6, [put('a', undefined, 1), put('c', '3', 2)]);
  const expected = { values: ['a=undefined', 'b=1', 'c=3'], epoch: 6, problems: [], entries: 2 };
  expect(found(older, newer)).toEqual(expected);
  expect(found(newer, older)).toEqual(expected);
});

it('a record that was being written is none, nor is what an older epoch has behind it', () => {
  const worn = file(
    3,
    Array.from({ length: 9 }, (_, n) => put(`old${n}`, 'x'.repeat(20))),
  );
  const whole = file(5, [put('a', '1'), put('b', '2')], worn);
  expect(found(whole).values).toEqual(['a=1', 'b=2']);
  for (let cut = 0; cut < sizeOf(put('b', '2')); cut++) {
    const torn = Buffer.from(whole);
    const end = sizeOf(put('a', '1')) + cut;
    worn.copy(torn, end, end);
    expect(found(torn)).toMatchObject({ values: ['a=1'], problems: [] });
  }
});

it('what follows an epoch that has not ended was written after something that is missing', () => {
  const prefix = file(5, [put('a', '1')]);
  expect(found(prefix, file(6, [put('a', '2')]))).toMatchObject({ values: ['a=1'], epoch: 5 });
});

it('a damaged record is told from one that was being written: there are later ones', () => {
  const bytes = file(5, [put('a', '1'), put('b', '2'), put('c', '3'), put('d', '4')]);
  const at = sizeOf(put('a', '1'));
  bytes[at + 30] = 0xff;
  const problem = `the journal is damaged at byte ${at}: 2 of its later commits cannot be used`;
  expect(found(bytes)).toMatchObject({ values: ['a=1'], epoch: 5, problems: [problem] });
  bytes[30] = 0xff;
  expect(found(bytes)).toMatchObject({
    values: [],
    epoch: 4,
    problems: ['the journal is damaged at byte 0: 2 of its later commits cannot be used'],
  });
});

it('an epoch that does not follow the data is not used, nor is the journal of other data', () => {
  expect(found(file(6, [put('a', '1')]))).toMatchObject({
    values: [],
    problems: ['the journal goes on with epoch 6 where 5 was to follow'],
  });
  const foreign = file(5, [put('a', '1')], Buffer.alloc(2_000), Buffer.from('somebody'));
  expect(found(foreign)).toMatchObject({ values: [], problems: ['the journal belongs to other data'] });
});
