const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** By byte: 1 for what stands for itself in a string of JSON and is ASCII. */
export const IS_ORDINARY = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

/** So many ordinary bytes are looked at one by one, what follows them four at a time: that takes a view of the text. */
export const LONG = 64;

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
    const bytes = this.bytes;
    const near = Math.min(end, from + LONG);
    let at = from;
    while (at < near && IS_ORDINARY[bytes[at] as number] === 1) at++;
    if (at < near || at >= end) return at;
    this.#words ??= wordsOf(bytes);
    const words = this.#words;
    const shift = words.byteOffset - bytes.byteOffset;
    let word = Math.ceil((at - shift) / 4);
    const last = Math.floor((end - shift) / 4);
    const start = Math.min(end, word * 4 + shift);
    while (at < start && IS_ORDINARY[bytes[at] as number] === 1) at++;
    if (at < start) return at;
    if (word < last) {
      while (word < last && areOrdinary(words[word] as number)) word++;
      at = word * 4 + shift;
    }
    while (at < end && IS_ORDINARY[bytes[at] as number] === 1) at++;
    return at;
  }
}

function wordsOf(bytes: Uint8Array): Int32Array {
  const from = Math.ceil(bytes.byteOffset / 4) * 4;
  const to = Math.floor((bytes.byteOffset + bytes.length) / 4) * 4;
  return new Int32Array(bytes.buffer, from, Math.max(0, to - from) / 4);
}

/**
 * Whether {@link IS_ORDINARY} holds for four bytes. A byte that is too low for what is subtracted from it borrows from
 * the next and gets its highest bit; so no other is needed to tell that there is one.
 */
function areOrdinary(four: number): boolean {
  const quotes = four ^ 0x22222222;
  const backslashes = four ^ 0x5c5c5c5c;
  const tooLow = (four - 0x20202020) | (quotes - 0x01010101) | (backslashes - 0x01010101);
  return ((tooLow | four) & 0x80808080) === 0;
}
