import { crc32 } from 'node:zlib';
import { StorageError } from './errors.js';
import { Slab } from './slab.js';

/** Bytes before a value: its checksum. */
const HEADER = 4;
/** Bytes of a record that do not belong to the value. */
export const RECORD_OVERHEAD = HEADER;

/** A value as it lies in a store on disk: a checksum over itself and its key, then itself. */
export type StoredValue = Uint8Array;

/** Of all that was written lately, whatever store it is of. */
const recent = new Slab();

/** Copies the value, which stays the caller's. */
export function recordOf(key: Uint8Array, value: Uint8Array): StoredValue {
  const record = recent.take(HEADER + value.length);
  record.set(value, HEADER);
  record.writeUInt32BE(checksum(key, value), 0);
  return record;
}

/** The value of a record that has been in this process all the time. */
export function valueIn(record: StoredValue): Uint8Array {
  return record.subarray(HEADER);
}

/**
 * The value of a record that was read from a disk.
 *
 * @throws StorageError DATA_CORRUPT when the disk gave back other bytes than it was given.
 */
export function checkedValueIn(key: Uint8Array, record: StoredValue): Uint8Array {
  if (isWhole(key, record)) return valueIn(record);
  throw new StorageError(
    'DATA_CORRUPT',
    `the value of ${record.length - HEADER} bytes under the key 0x${Buffer.from(key).toString('hex')} is not what was written`,
  );
}

export function isWhole(key: Uint8Array, record: StoredValue): boolean {
  if (record.length < HEADER) return false;
  const [a = 0, b = 0, c = 0, d = 0] = record;
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0 === checksum(key, valueIn(record));
}

function checksum(key: Uint8Array, value: Uint8Array): number {
  // The value first: it may be empty, and then the sum so far would be lost.
  return crc32(key, crc32(value));
}
