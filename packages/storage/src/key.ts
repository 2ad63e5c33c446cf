/** One part of a key: text, or a safe integer. Integers come before text. */
export type KeyPart = string | number;

const TEXT = 0x02;
const INTEGER = 0x01;
const END = 0x00;
/** Bytes of a key. */
const COMPARED_HERE = 64;
/** Stands behind a zero byte that belongs to a text. */
const ESCAPE = 0xff;
const LARGEST_ASCII = 0x7f;
/** An integer and what stands before it. */
const INTEGER_BYTES = 9;
/** Integers are eight bytes, shifted by this times {@link LOW} so that negative ones come first. */
const SHIFT = 2 ** 31;
/** What the lower four of their bytes can count. */
const LOW = 2 ** 32;

/**
 * A key of several parts, ordered by the first, then the second, …: texts by their UTF-8 bytes, integers by value. A key
 * comes before every key it is the beginning of.
 *
 * @throws RangeError for a number that is not a safe integer.
 *
 * @example keyOf('orders', 'item', 42)
 */
export function keyOf(...parts: readonly KeyPart[]): Uint8Array {
  let size = 0;
  for (const part of parts) {
    if (typeof part !== 'string') size += INTEGER_BYTES;
    else if (isPlain(part)) size += part.length + 2;
    else return keyOfAny(parts);
  }
  // Almost every key is like this, and is written without leaving JavaScript.
  const key = Buffer.allocUnsafe(size);
  let at = 0;
  for (const part of parts) {
    if (typeof part !== 'string') {
      writeInteger(key, at, part);
      at += INTEGER_BYTES;
      continue;
    }
    key[at++] = TEXT;
    for (let n = 0; n < part.length; n++) key[at++] = part.charCodeAt(n);
    key[at++] = END;
  }
  return key;
}

/**
 * What `keyOf` makes of the parts of a key and these integers behind them: for keys that begin alike, which is written
 * once.
 */
export function keyBehind(prefix: Uint8Array, ...integers: readonly number[]): Uint8Array {
  const key = Buffer.allocUnsafe(prefix.length + integers.length * INTEGER_BYTES);
  key.set(prefix);
  let at = prefix.length;
  for (const integer of integers) {
    writeInteger(key, at, integer);
    at += INTEGER_BYTES;
  }
  return key;
}

/** Whether a text is written as it is, one byte for each character. */
function isPlain(text: string): boolean {
  for (let n = 0; n < text.length; n++) {
    const code = text.charCodeAt(n);
    if (code > LARGEST_ASCII || code === END) return false;
  }
  return true;
}

function keyOfAny(parts: readonly KeyPart[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? textPart(part) : integerPart(part))));
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
    if (kind === INTEGER && at + INTEGER_BYTES <= bytes.length) {
      parts.push(integerAt(bytes, at));
      at += INTEGER_BYTES;
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

/**
 * The integer that a key ends with, or the one that so many others follow: without a look at what else is in it.
 *
 * @param key made by {@link keyOf}, of whose last parts it is known that they are integers.
 */
export function lastIntegerOf(key: Uint8Array, others = 0): number {
  return integerAt(key, key.length - (others + 1) * INTEGER_BYTES);
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

function integerPart(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(INTEGER_BYTES);
  writeInteger(bytes, 0, value);
  return bytes;
}

function writeInteger(bytes: Uint8Array, at: number, value: number): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`a key takes safe integers, not ${value}`);
  const high = Math.floor(value / LOW) + SHIFT;
  bytes[at] = INTEGER;
  writeWord(bytes, at + 1, high);
  writeWord(bytes, at + 5, value);
}

function integerAt(bytes: Uint8Array, at: number): number {
  return (wordAt(bytes, at + 1) - SHIFT) * LOW + wordAt(bytes, at + 5);
}

function wordAt(bytes: Uint8Array, at: number): number {
  const low =
    ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  return (bytes[at] as number) * 2 ** 24 + low;
}

/** The lower 32 bits, also of negative numbers. */
function writeWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value >>> 0;
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
