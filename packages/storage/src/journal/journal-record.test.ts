import fc from 'fast-check';
import { expect, it } from 'vitest';
import { textOf } from '../key-text.js';
import { changesIn, headAt, type StoreChange, sizeOf, writeRecord } from './journal-record.js';

const lineage = Buffer.from('lineage!');
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const change: fc.Arbitrary<StoreChange> = fc.record({
  store: fc.stringMatching(/^[\w.#-]{1,64}$/),
  totals: fc.record({ entries: fc.maxSafeNat(), bytes: fc.maxSafeNat() }),
  writes: fc.array(fc.tuple(bytes(40).map(textOf), fc.option(bytes(300), { nil: undefined }))),
});
const place = fc.record({ epoch: fc.maxSafeNat(), sequence: fc.nat() });

it('a record has what was put in it', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4 }), place, fc.nat(50), (changes, { epoch, sequence }, at) => {
      const size = sizeOf(changes);
      const file = Buffer.alloc(at + size + 20, 0xaa);
      expect(writeRecord(file.subarray(at), { lineage, epoch, sequence }, changes)).toBe(size);
      const isEnd = changes.length === 0;
      expect(headAt(file, at, lineage)).toEqual({ epoch, sequence, size, isEnd });
      expect(changesIn(file.subarray(at, at + size))).toEqual(changes);
    }),
  );
});

it('a record of which any bit is another, or the end is missing, is none', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 2 }), fc.nat(), fc.nat(7), (changes, where, bit) => {
      const record = Buffer.alloc(sizeOf(changes));
      writeRecord(record, { lineage, epoch: 7, sequence: 3 }, changes);
      expect(headAt(record.subarray(0, where % record.length), 0, lineage)).toBeUndefined();
      const at = where % record.length;
      record[at] = (record[at] ?? 0) ^ (1 << bit);
      expect(headAt(record, 0, lineage)).toBeUndefined();
    }),
  );
});
