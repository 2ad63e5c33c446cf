import type { RawJson } from 'iii-protocol';

/** An item as it is stored: its place in the order of its group, and its text. */
export interface ItemRecord {
  readonly place: number;
  readonly value: RawJson;
}

export interface GroupRecord {
  readonly items: number;
  readonly nextPlace: number;
}

const NUMBER_BYTES = 8;

export function encodeItem({ place, value }: ItemRecord): Uint8Array {
  return Buffer.concat([encodeNumber(place), value]);
}

export function decodeItem(record: Uint8Array): ItemRecord {
  // What was written behind the place was checked when it came in.
  return { place: decodeNumber(record), value: record.subarray(NUMBER_BYTES) as RawJson };
}

export function encodeGroup({ items, nextPlace }: GroupRecord): Uint8Array {
  return Buffer.concat([encodeNumber(items), encodeNumber(nextPlace)]);
}

export function decodeGroup(record: Uint8Array | undefined): GroupRecord {
  if (record === undefined) return { items: 0, nextPlace: 0 };
  return { items: decodeNumber(record), nextPlace: decodeNumber(record.subarray(NUMBER_BYTES)) };
}

export function encodeNumber(value: number): Uint8Array {
  const bytes = Buffer.alloc(NUMBER_BYTES);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

export function decodeNumber(record: Uint8Array | undefined): number {
  if (record === undefined) return 0;
  return Number(Buffer.from(record.buffer, record.byteOffset, record.byteLength).readBigUInt64BE());
}
