/** One part of a key: text, or a safe integer. Integers come before text. */
export type KeyPart = string | number;

const TEXT = 0x02;
const INTEGER = 0x01;
const END = 0x00;
/** Bytes of a key. */
const COMPARED_HERE = 64;
/** Stands behind a zero byte that belongs to a text. */
const ESCAPE = 0xff;
/** Eight bytes, shifted so that negative ones come first. */
const SHIFT = 1n << 63n;

/**
 * A key of several parts, ordered by the first, then the second, …: texts by their UTF-8 bytes, integers by value. A key
 * comes before every key it is the beginning of.
 *
 * @throws RangeError for a number that is not a safe integer.
 *
 * @example keyOf('orders', 'item', 42)
 */
export function keyOf(...parts: readonly KeyPart[]): Uint8Array {
  // Almost every key is like this, and is written in one go.
  if (parts.every((part) => typeof part !== 'string' || !part.includes('\0'))) return plainKey(parts);
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? textPart(part) : integerPart(part))));
}

/** Of texts without zero bytes. */
function plainKey(parts: readonly KeyPart[]): Buffer {
  let size = 0;
  for (const part of parts) size += typeof part === 'string' ? Buffer.byteLength(part) + 2 : 9;
  const key = Buffer.allocUnsafe(size);
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'string') {
      key[at] = TEXT;
      at += 1 + key.write(part, at + 1, 'utf8');
      key[at++] = END;
    } else {
      at += integerPart(part).copy(key, at);
    }
  }
  return key;
}

/**
 * The parts of a key made by {@link keyOf}.
 *
 * @throws RangeError when the bytes are no such key.
 */
export function partsOf(key: Uint8Array): KeyPart[] {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const parts: KeyPart[] = [];
  let at = 0;
  while (at < bytes.length) {
    const kind = bytes[at];
    if (kind === INTEGER && at + 9 <= bytes.length) {
      parts.push(Number(bytes.readBigUInt64BE(at + 1) - SHIFT));
      at += 9;
    } else if (kind === TEXT) {
      const end = endOfText(bytes, at + 1);
      parts.push(unescaped(bytes.subarray(at + 1, end)));
      at = end + 1;
    } else {
      throw new RangeError(`not a key: byte ${kind} at ${at} begins no part`);
    }
  }
  return parts;
}

/** Byte order; what a store is sorted by. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  // Most keys are short, and comparing those takes less time than leaving JavaScript does.
  for (let at = 0; at < length && at < COMPARED_HERE; at++) {
    if (a[at] !== b[at]) return (a[at] as number) < (b[at] as number) ? -1 : 1;
  }
  return length > COMPARED_HERE ? Buffer.compare(a, b) : Math.sign(a.length - b.length);
}

/**
 * All keys that begin with these parts, the key of just these included.
 *
 * @example store.range(rangeOf('orders', 'item'))
 */
export function rangeOf(...parts: readonly KeyPart[]): {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
} {
  const from = keyOf(...parts);
  // No part begins with this byte; behind a text it goes on with it.
  return { from, to: Buffer.concat([from, Buffer.of(ESCAPE)]) };
}

function textPart(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  const escaped = bytes.includes(END) ? escapedBytes(bytes) : bytes;
  return Buffer.concat([[TEXT], escaped, [END]].map((piece) => Buffer.from(piece)));
}

function escapedBytes(bytes: Buffer): Buffer {
  const out: number[] = [];
  for (const byte of bytes) {
    out.push(byte);
    if (byte === END) out.push(ESCAPE);
  }
  return Buffer.from(out);
}

function integerPart(value: number): Buffer {
  if (!Number.isSafeInteger(value)) throw new RangeError(`a key takes safe integers, not ${value}`);
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = INTEGER;
  bytes.writeBigUInt64BE(BigInt(value) + SHIFT, 1);
  return bytes;
}

function endOfText(bytes: Buffer, from: number): number {
  let end = bytes.indexOf(END, from);
  while (end !== -1 && bytes[end + 1] === ESCAPE) end = bytes.indexOf(END, end + 2);
  if (end === -1) throw new RangeError('not a key: a text without an end');
  return end;
}

function unescaped(bytes: Buffer): string {
  if (!bytes.includes(END)) return bytes.toString('utf8');
  const kept = [...bytes].filter((byte, index) => !(byte === ESCAPE && bytes[index - 1] === END));
  return Buffer.from(kept).toString('utf8');
}
