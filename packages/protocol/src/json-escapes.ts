import { Byte } from './bytes.js';

/** By byte: 1 for what makes an escape of two bytes with the backslash before it. */
const IS_SIMPLE = new Uint8Array(256);
for (const letter of '"\\/bfnrt') IS_SIMPLE[letter.charCodeAt(0)] = 1;

/** By byte: the value of a hexadecimal digit, or this. */
const NO_DIGIT = 0x10;
const DIGITS = new Uint8Array(256).fill(NO_DIGIT);
for (const letter of '0123456789abcdefABCDEF') DIGITS[letter.charCodeAt(0)] = Number.parseInt(letter, 16);

/** What {@link escapeEnd} may find wrong: less than any offset. */
const INVALID = -1;
const NOT_HEXADECIMAL = -2;
const LONE_SURROGATE = -3;

/** The offset behind the escape whose backslash is at `at`, both escapes of a surrogate pair; or a fault. */
export function escapeEnd(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 1] ?? 0;
  if (IS_SIMPLE[kind] === 1) return at + 2;
  if (kind !== Byte.LowerU) return INVALID;
  const unit = hexadecimal(bytes, at + 2);
  if (unit < 0) return NOT_HEXADECIMAL;
  if (unit < 0xd800 || unit > 0xdfff) return at + 6;
  const pairs = unit < 0xdc00 && bytes[at + 6] === Byte.Backslash && bytes[at + 7] === Byte.LowerU;
  if (!pairs) return LONE_SURROGATE;
  const second = hexadecimal(bytes, at + 8);
  if (second < 0) return NOT_HEXADECIMAL;
  return second < 0xdc00 || second > 0xdfff ? LONE_SURROGATE : at + 12;
}

/** What is wrong, in words. */
export function escapeFault(end: number): string {
  if (end === LONE_SURROGATE) return 'lone surrogate escape in a string';
  return end === NOT_HEXADECIMAL ? 'invalid \\u escape in a string' : 'invalid escape in a string';
}

/** The number that four digits stand for; negative if they are none. */
function hexadecimal(bytes: Uint8Array, at: number): number {
  const a = digit(bytes[at]);
  const b = digit(bytes[at + 1]);
  const c = digit(bytes[at + 2]);
  const d = digit(bytes[at + 3]);
  return (a | b | c | d) >= NO_DIGIT ? -1 : (a << 12) | (b << 8) | (c << 4) | d;
}

function digit(byte: number | undefined): number {
  return DIGITS[byte ?? 0] as number;
}
