const OTHER_FORMS =
  /^(?:[0-9a-f]{32}|\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}|urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** By UTF-16 unit: 1 for hexadecimal digits, in lower case and in any. */
const LOWER_HEX = digits('0123456789abcdef');
const ANY_HEX = digits('0123456789abcdefABCDEF');

/** Where a UUID has its hyphens. */
const PATTERN = 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx';
/** Characters of a UUID in the form in which everyone writes it. */
export const UUID_LENGTH = PATTERN.length;
const HYPHEN = 0x2d;
const IS_HYPHEN = Uint8Array.from(PATTERN, (unit) => (unit === '-' ? 1 : 0));

/** Random bytes drawn at once: one by one, drawing them takes longer than writing them. */
const POOL_BYTES = 4096;
const UUID_BYTES = 16;
/** Of a UUID that has a number in front, and of one that has another at its end. */
const FRONT_BYTES = 6;
const END_BYTES = 3;
const pool = new Uint8Array(POOL_BYTES);
let poolAt = POOL_BYTES;

/** Where the digits of each byte of a UUID begin. */
const DIGITS_AT = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;
/** The digits, in lower case, as characters. */
export const HEX = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
/** The text of the UUID that is being made. */
const units: number[] = Array.from(PATTERN, (unit) => unit.charCodeAt(0));

/**
 * A UUID of version 4 (RFC 9562 §5.4), from the same source as `crypto.randomUUID`: in half the time, as a text in one
 * piece, and also for pages that come over plain HTTP, where browsers do not have that.
 */
export function randomUuid(): string {
  drawUnits();
  return String.fromCharCode.apply(undefined, units);
}

/**
 * The same with the time in front, so that what is kept by UUIDs lies together where it came together, and a tree of them
 * grows at its end: 6 bytes of milliseconds, 74 bits by chance. Its layout is that of version 4, which is what receipts
 * of jobs are said to be (worker-queue.md §2.2).
 *
 * @param ms since the Unix epoch.
 */
export function timedUuid(ms: number): string {
  drawUnits();
  setInteger(0, FRONT_BYTES, ms);
  return String.fromCharCode.apply(undefined, units);
}

/**
 * The same with a number in front and another at its end, which {@link numbersInUuid} finds again: 48 and 24 bits, and
 * 50 by chance.
 */
export function numberedUuid(front: number, end: number): string {
  drawUnits();
  setInteger(0, FRONT_BYTES, front);
  setInteger(UUID_BYTES - END_BYTES, END_BYTES, end);
  return String.fromCharCode.apply(undefined, units);
}

/** The highest number that {@link numberedUuid} takes at the end. */
export const MOST_AT_END = 2 ** (8 * END_BYTES) - 1;

/** What {@link numberedUuid} was given, if it was that which made it; of other UUIDs, bits that say nothing. */
export function numbersInUuid(text: string): { readonly front: number; readonly end: number } | undefined {
  if (!isCanonicalUuid(text)) return undefined;
  const front = Number.parseInt(text.slice(0, 8) + text.slice(9, 13), 16);
  return { front, end: Number.parseInt(text.slice(-2 * END_BYTES), 16) };
}

function setInteger(from: number, bytes: number, integer: number): void {
  for (let n = from + bytes - 1, rest = integer; n >= from; n--) {
    setByte(n, rest % 256);
    rest = Math.floor(rest / 256);
  }
}

function drawUnits(): void {
  if (poolAt === POOL_BYTES) {
    crypto.getRandomValues(pool);
    poolAt = 0;
  }
  for (let n = 0; n < UUID_BYTES; n++) {
    const byte = pool[poolAt + n] as number;
    setByte(n, n === 6 ? (byte & 0x0f) | 0x40 : n === 8 ? (byte & 0x3f) | 0x80 : byte);
  }
  poolAt += UUID_BYTES;
}

function setByte(n: number, byte: number): void {
  const at = DIGITS_AT[n] as number;
  units[at] = HEX[byte >> 4] as number;
  units[at + 1] = HEX[byte & 0x0f] as number;
}

/** Hyphenated, simple, braced and URN forms, in any case (protocol.md §2.1). */
export function isUuid(text: string): boolean {
  return isHyphenated(text, ANY_HEX) || OTHER_FORMS.test(text);
}

/** Whether a text is a UUID in the form in which everyone writes it, whoever reads it in between. */
export function isCanonicalUuid(text: string): boolean {
  return isHyphenated(text, LOWER_HEX);
}

/** The lower-case hyphenated form of anything {@link isUuid} accepts, for comparing. */
export function canonicalUuid(text: string): string {
  if (isHyphenated(text, ANY_HEX)) return text.toLowerCase();
  const hex = text
    .replace(/^urn:uuid:/i, '')
    .replace(/[{}-]/g, '')
    .toLowerCase();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Each frame of a call has one, and a regular expression takes twice as long. */
function isHyphenated(text: string, hex: Uint8Array): boolean {
  if (text.length !== UUID_LENGTH) return false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (IS_HYPHEN[at] === 1 ? unit !== HYPHEN : hex[unit] !== 1) return false;
  }
  return true;
}

/** Whether a text, of which these are the bytes, has one in that form there, in any case. */
export function isHyphenatedAt(bytes: Uint8Array, from: number): boolean {
  for (let at = 0; at < UUID_LENGTH; at++) {
    const unit = bytes[from + at] as number;
    if (IS_HYPHEN[at] === 1 ? unit !== HYPHEN : ANY_HEX[unit] !== 1) return false;
  }
  return true;
}

function digits(units: string): Uint8Array {
  const table = new Uint8Array(128);
  for (const unit of units) table[unit.charCodeAt(0)] = 1;
  return table;
}
