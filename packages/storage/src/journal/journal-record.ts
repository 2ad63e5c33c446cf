import { crc32 } from 'node:zlib';
import type { Totals } from '../admission.js';
import type { StoreWrites } from '../commit/group-commit.js';
import { textOf } from '../key-text.js';
import { decodeTotals, encodeTotals, TOTALS_BYTES } from '../lmdb/totals.js';
import type { Write } from '../overlay.js';

/** Which data a journal belongs to: bytes drawn by chance when the data file was made. */
export const LINEAGE_BYTES = 8;

/*
 * A record: lineage, epoch (8), sequence (4), length of what follows (4), checksum over all the rest (4). Then, for
 * each store: name, totals, and its entries; a length of 0 ends an epoch.
 */
const EPOCH_AT = LINEAGE_BYTES;
const SEQUENCE_AT = EPOCH_AT + 8;
const LENGTH_AT = SEQUENCE_AT + 4;
const CHECKSUM_AT = LENGTH_AT + 4;
export const HEAD_BYTES = CHECKSUM_AT + 4;

const NAME_LENGTH = 1;
const COUNT = 4;
const KEY_LENGTH = 2;
/** One more than the bytes of the record, so that 0 can stand for a deletion. */
const RECORD_LENGTH = 4;

/** What one commit does to one store. */
export interface StoreChange {
  readonly store: string;
  readonly totals: Totals;
  readonly writes: readonly Write[];
}

/** Where a record stands. */
export interface Place {
  readonly lineage: Uint8Array;
  readonly epoch: number;
  readonly sequence: number;
}

export interface RecordHead {
  readonly epoch: number;
  readonly sequence: number;
  /** Bytes of the whole record. */
  readonly size: number;
  /** Whether it ends its epoch. */
  readonly isEnd: boolean;
}

export function changeOf({ store, totals, writes }: StoreWrites): StoreChange {
  return { store, totals, writes };
}

/** Changes as they go to the data file. */
export function storeWritesOf({ store, totals, writes }: StoreChange): StoreWrites {
  return { store, durability: 'fsync', entries: writes.length, bytes: bytesOf(writes), writes, totals };
}

/** Of keys and records. */
export function bytesOf(writes: readonly Write[]): number {
  return writes.reduce((sum, [key, record]) => sum + key.length + (record?.length ?? 0), 0);
}

/** Bytes of a record with these changes. */
export function sizeOf(changes: readonly StoreChange[]): number {
  let size = HEAD_BYTES;
  for (const { store, writes } of changes) {
    size += NAME_LENGTH + store.length + TOTALS_BYTES + COUNT;
    for (const [key, record] of writes) {
      size += KEY_LENGTH + RECORD_LENGTH + key.length + (record?.length ?? 0);
    }
  }
  return size;
}

/** Writes a record to the beginning of a buffer; without changes, the one that ends an epoch. */
export function writeRecord(into: Buffer, place: Place, changes: readonly StoreChange[]): number {
  let at = HEAD_BYTES;
  for (const { store, totals, writes } of changes) {
    at = into.writeUInt8(store.length, at);
    at += into.write(store, at, 'latin1');
    into.set(encodeTotals(totals), at);
    at = into.writeUInt32BE(writes.length, at + TOTALS_BYTES);
    for (const [key, record] of writes) {
      at = into.writeUInt16BE(key.length, at);
      at = into.writeUInt32BE(record === undefined ? 0 : record.length + 1, at);
      at += into.write(key, at, 'latin1');
      if (record === undefined) continue;
      into.set(record, at);
      at += record.length;
    }
  }
  into.set(place.lineage, 0);
  into.writeBigUInt64BE(BigInt(place.epoch), EPOCH_AT);
  into.writeUInt32BE(place.sequence, SEQUENCE_AT);
  into.writeUInt32BE(at - HEAD_BYTES, LENGTH_AT);
  into.writeUInt32BE(checksumOf(into, at), CHECKSUM_AT);
  return at;
}

/** The record that begins there, if it is whole and of this lineage. */
export function headAt(bytes: Buffer, at: number, lineage: Uint8Array): RecordHead | undefined {
  if (at + HEAD_BYTES > bytes.length) return undefined;
  if (bytes.compare(lineage, 0, LINEAGE_BYTES, at, at + LINEAGE_BYTES) !== 0) return undefined;
  const size = HEAD_BYTES + bytes.readUInt32BE(at + LENGTH_AT);
  if (at + size > bytes.length) return undefined;
  const record = bytes.subarray(at, at + size);
  if (record.readUInt32BE(CHECKSUM_AT) !== checksumOf(record, size)) return undefined;
  const epoch = Number(record.readBigUInt64BE(EPOCH_AT));
  return { epoch, sequence: record.readUInt32BE(SEQUENCE_AT), size, isEnd: size === HEAD_BYTES };
}

/** What is in a record that {@link headAt} has found to be whole. Records are views into it. */
export function changesIn(record: Buffer): StoreChange[] {
  const changes: StoreChange[] = [];
  for (let at = HEAD_BYTES; at < record.length; ) {
    const nameEnd = at + NAME_LENGTH + record.readUInt8(at);
    const store = record.toString('latin1', at + NAME_LENGTH, nameEnd);
    at = nameEnd + TOTALS_BYTES;
    const totals = decodeTotals(record.subarray(nameEnd, at));
    const writes: Write[] = [];
    const count = record.readUInt32BE(at);
    at += COUNT;
    for (let n = 0; n < count; n++) {
      const keyAt = at + KEY_LENGTH + RECORD_LENGTH;
      const keyEnd = keyAt + record.readUInt16BE(at);
      const length = record.readUInt32BE(at + KEY_LENGTH);
      at = length === 0 ? keyEnd : keyEnd + length - 1;
      writes.push([
        textOf(record.subarray(keyAt, keyEnd)),
        length === 0 ? undefined : record.subarray(keyEnd, at),
      ]);
    }
    changes.push({ store, totals, writes });
  }
  return changes;
}

function checksumOf(record: Buffer, end: number): number {
  // The end of an epoch has nothing behind its head, and the sum over nothing would forget the rest.
  return crc32(record.subarray(0, CHECKSUM_AT), crc32(record.subarray(HEAD_BYTES, end)));
}
