import type { RawJson } from 'iii-protocol';
import type { Entry } from '../adapter.js';

/** What is kept under an address in the key-value store. */
export interface Stored extends Entry {
  /** Its place in lists: the version it had when its key was new. */
  readonly place: number;
}

/** First byte of a record: the form of what follows. */
const LASTING = 1;
const EXPIRING = 2;
/** Versions, places and times take six bytes each. */
const NUMBER = 6;
const LASTING_HEADER = 1 + 2 * NUMBER;
const EXPIRING_HEADER = LASTING_HEADER + NUMBER;

/** A record of its own, in which the value lies as the text it is. */
export function encodeRecord({ value, version, place, expiresAt }: Stored): Uint8Array {
  const header = expiresAt === undefined ? LASTING_HEADER : EXPIRING_HEADER;
  const bytes = Buffer.allocUnsafe(header + value.length);
  bytes[0] = expiresAt === undefined ? LASTING : EXPIRING;
  bytes.writeUIntBE(version, 1, NUMBER);
  bytes.writeUIntBE(place, 1 + NUMBER, NUMBER);
  if (expiresAt !== undefined) bytes.writeUIntBE(expiresAt, LASTING_HEADER, NUMBER);
  bytes.set(value, header);
  return bytes;
}

/** @throws RangeError when the bytes are no record; the store has checked already that they are those it was given. */
export function decodeRecord(record: Uint8Array): Stored {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  const isExpiring = bytes[0] === EXPIRING;
  const header = isExpiring ? EXPIRING_HEADER : LASTING_HEADER;
  if ((!isExpiring && bytes[0] !== LASTING) || bytes.length <= header) {
    throw new RangeError(
      `a record of ${bytes.length} bytes that begins with ${bytes[0]} is none of this version`,
    );
  }
  return {
    value: record.subarray(header) as RawJson,
    version: bytes.readUIntBE(1, NUMBER),
    place: bytes.readUIntBE(1 + NUMBER, NUMBER),
    expiresAt: isExpiring ? bytes.readUIntBE(LASTING_HEADER, NUMBER) : undefined,
  };
}
