import { Byte } from './bytes.js';

/** By byte: 1 for what stands for itself in a string of JSON, or for a part of a character that does. */
export const STANDS = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= Byte.Space && byte !== Byte.Quote && byte !== Byte.Backslash ? 1 : 0,
);

/** By byte: 1 for those of them that are ASCII. */
export const IS_ORDINARY = STANDS.map((stands, byte) => (byte < Byte.Beyond ? stands : 0));

/** So many ordinary bytes are looked at one by one, what follows them eight at a time: that takes a view of the text. */
export const LONG = 64;

/** Of the highest bits that a byte may not have. Small integers: others are slow to hand over. */
const ANY = -1;
const NONE = 0;

/** Finds the end of what is ordinary in a text. */
export class OrdinaryBytes {
  /** But for what stands before the first multiple of four bytes in their memory, and behind the last. */
  #words: Int32Array | undefined;

  constructor(private bytes: Uint8Array) {}

  reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.#words = undefined;
  }

  /** @returns the offset of the first byte from `from` on that is not ordinary, or `end`. */
  pass(from: number, end: number): number {
    return this.#pass(from, end, IS_ORDINARY, ANY);
  }

  /** As {@link pass}, but passes what is not ASCII as well. */
  passStanding(from: number, end: number): number {
    return this.#pass(from, end, STANDS, NONE);
  }

  #pass(from: number, end: number, passes: Uint8Array, refused: number): number {
    const bytes = this.bytes;
    const near = Math.min(end, from + LONG);
    let at = from;
    while (at < near && passes[bytes[at] as number] === 1) at++;
    if (at < near || at >= end) return at;
    this.#words ??= wordsOf(bytes);
    const words = this.#words;
    const shift = words.byteOffset - bytes.byteOffset;
    let word = Math.ceil((at - shift) / 4);
    const last = Math.floor((end - shift) / 4);
    const start = Math.min(end, word * 4 + shift);
    while (at < start && passes[bytes[at] as number] === 1) at++;
    if (at < start) return at;
    if (word < last) {
      for (; word + 1 < last; word += 2) {
        const a = words[word] as number;
        const b = words[word + 1] as number;
        // In each byte, the highest bit of what is too low for the one that is subtracted: a space, or 1 from what is 0
        // for a quote and for a backslash. It borrows from the next byte, and no other is needed to tell there is one.
        // A byte outside ASCII has that bit itself, and is never too low. Written out: calls are not always inlined.
        const lowA = (a - 0x20202020) | ((a ^ 0x22222222) - 0x01010101) | ((a ^ 0x5c5c5c5c) - 0x01010101);
        const lowB = (b - 0x20202020) | ((b ^ 0x22222222) - 0x01010101) | ((b ^ 0x5c5c5c5c) - 0x01010101);
        if ((((lowA & ~a) | (lowB & ~b) | ((a | b) & refused)) & 0x80808080) !== 0) break;
      }
      at = word * 4 + shift;
    }
    while (at < end && passes[bytes[at] as number] === 1) at++;
    return at;
  }
}

function wordsOf(bytes: Uint8Array): Int32Array {
  const from = Math.ceil(bytes.byteOffset / 4) * 4;
  const to = Math.floor((bytes.byteOffset + bytes.length) / 4) * 4;
  return new Int32Array(bytes.buffer, from, Math.max(0, to - from) / 4);
}
