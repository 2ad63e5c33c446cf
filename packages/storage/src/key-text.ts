import type { KeyRange } from './store.js';

declare const KEY_TEXT: unique symbol;

/**
 * A key as text, with a character for each byte: its order is that of the bytes. Inside, keys are this, as those are
 * compared and found in maps faster than bytes, and take less to be kept.
 */
export type KeyText = string & { readonly [KEY_TEXT]: true };

/** A {@link KeyRange} of such keys. */
export interface TextRange {
  readonly from?: KeyText | undefined;
  readonly to?: KeyText | undefined;
  readonly reverse?: boolean;
}

/** What `buffer.toString('latin1')` does, for any bytes. Node has it, its types do not. */
const { latin1Slice } = Buffer.prototype as Buffer & {
  latin1Slice(this: Uint8Array, from: number, to: number): string;
};

export function textOf(key: Uint8Array): KeyText {
  return latin1Slice.call(key, 0, key.length) as KeyText;
}

export function keyBytesOf(text: KeyText): Buffer {
  return Buffer.from(text, 'latin1');
}

export function textRangeOf({ from, to, reverse = false }: KeyRange = {}): TextRange {
  return { from: from && textOf(from), to: to && textOf(to), reverse };
}

/** In the order of their bytes. */
export function compareTexts(a: KeyText, b: KeyText): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
