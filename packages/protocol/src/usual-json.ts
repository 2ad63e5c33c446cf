import { Byte } from './bytes.js';
import { escapeEnd } from './json-escapes.js';
import { LONG, type OrdinaryBytes, STANDS } from './ordinary-bytes.js';

/** Braces differ from brackets in this bit, and upper case from lower case. */
const CASE = 0x20;
/** From an opening brace or bracket to the closing one. */
const TO_CLOSING = 2;

/** No token but a string looks so far ahead: up to so many bytes before the end, it need not ask where that is. */
export const MARGIN = 16;

/** In front of what a walk has stopped. */
export type Stop = 'before_value' | 'before_name' | 'after_value';

/**
 * Walks over JSON in one loop of local variables, in half the time that calls and fields for every token take. It passes
 * nothing but what is right: it stops in front of a token that is not, or is too near to the end to tell, and leaves it
 * to its caller what becomes of that. So faults are found in one place, whichever way a text was passed.
 */
export class UsualJson {
  /** Containers that are open. */
  depth = 0;
  /** What closes each of them, by depth. */
  readonly closings: number[] = [0];
  /** What comes where the walk has stopped. */
  stop: Stop = 'before_value';
  /** Whether a name passed on the walk began with `_`, or was spelled with an escape and may do so. */
  underscored = false;

  constructor(
    private bytes: Uint8Array,
    private readonly maxDepth: number,
    private readonly ordinary: OrdinaryBytes,
  ) {}

  reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.depth = 0;
  }

  /** The text is longer now, and begins with what was there. */
  extend(bytes: Uint8Array): void {
    this.bytes = bytes;
  }

  /**
   * @param from where a value begins.
   * @param end offset to stay before.
   * @param base of the containers that are open, those that the walk does not leave.
   * @returns the offset where it has stopped.
   */
  pass(from: number, end: number, base: number): number {
    const bytes = this.bytes;
    const stands = STANDS;
    const closings = this.closings;
    const safe = end - MARGIN;
    let depth = this.depth;
    let closing = closings[depth] as number;
    let underscored = false;
    let stop: Stop = 'before_value';
    let at = from;
    // Where all is well up to: what was passed since counts only once its token is complete.
    let stopAt = from;
    let byte = 0;
    walk: while (at <= safe) {
      byte = bytes[at] as number;
      if (byte === Byte.Quote) {
        at++;
        let escaped = false;
        for (;;) {
          for (;;) {
            if (at > safe) {
              while (at < end && stands[bytes[at] as number] === 1) at++;
              if (at >= end) break walk;
              break;
            }
            // Asking where the text ends takes about as long as looking at a byte.
            if (stands[bytes[at] as number] === 0) break;
            if (stands[bytes[++at] as number] === 0) break;
            if (stands[bytes[++at] as number] === 0) break;
            if (stands[bytes[++at] as number] === 0) break;
            if (stands[bytes[++at] as number] === 0) break;
            if (stands[bytes[++at] as number] === 0) break;
            if (stands[bytes[++at] as number] === 0) break;
            if (stands[bytes[++at] as number] === 0) break;
            at++;
            if (at - stopAt > LONG) at = this.ordinary.passStanding(at, end);
          }
          byte = bytes[at] as number;
          if (byte === Byte.Quote) break;
          if (byte !== Byte.Backslash) break walk;
          at = escapeEnd(bytes, at);
          if (at < 0) break walk;
          escaped = true;
        }
        at++;
        if (stop === 'before_name') {
          if (at > safe) break;
          if (bytes[at] !== Byte.Colon) {
            at = spaceEnd(bytes, at, end);
            if (at > safe || bytes[at] !== Byte.Colon) break;
          }
          at++;
          if (
            (bytes[at] as number) <= Byte.Space &&
            (bytes[at] !== Byte.Space || (bytes[++at] as number) <= Byte.Space)
          ) {
            at = spaceEnd(bytes, at, end);
            if (at > safe) break;
          }
          if (escaped || bytes[stopAt + 1] === Byte.Underscore) underscored = true;
          stop = 'before_value';
          stopAt = at;
          continue;
        }
      } else if (stop === 'before_name') break;
      else if (byte <= Byte.Nine) {
        if (byte === Byte.Minus) byte = bytes[++at] as number;
        if (byte === Byte.Zero) byte = bytes[++at] as number;
        else {
          if (byte < Byte.Zero || byte > Byte.Nine) break;
          do byte = bytes[++at] as number;
          while (byte >= Byte.Zero && byte <= Byte.Nine && at < safe);
        }
        if (byte === Byte.Dot) {
          byte = bytes[++at] as number;
          if (byte < Byte.Zero || byte > Byte.Nine) break;
          do byte = bytes[++at] as number;
          while (byte >= Byte.Zero && byte <= Byte.Nine && at < safe);
        }
        if ((byte | CASE) === Byte.LowerE) {
          byte = bytes[++at] as number;
          if (byte === Byte.Minus || byte === Byte.Plus) byte = bytes[++at] as number;
          if (byte < Byte.Zero || byte > Byte.Nine) break;
          do byte = bytes[++at] as number;
          while (byte >= Byte.Zero && byte <= Byte.Nine && at < safe);
        }
        if (at >= safe) break;
      } else if ((byte | CASE) === Byte.OpenBrace) {
        if (depth >= this.maxDepth) break;
        const closedBy = byte + TO_CLOSING;
        byte = bytes[++at] as number;
        if (byte <= Byte.Space) {
          at = spaceEnd(bytes, at, end);
          if (at > safe) break;
          byte = bytes[at] as number;
        }
        if (byte !== closedBy) {
          closing = closedBy;
          closings[++depth] = closing;
          if (closing === Byte.CloseBrace) stop = 'before_name';
          stopAt = at;
          continue;
        }
        at++;
      } else {
        const length = literalLength(bytes, at, byte);
        if (length === 0) break;
        at += length;
      }
      for (;;) {
        stop = 'after_value';
        stopAt = at;
        if (depth === base || at > safe) break walk;
        byte = bytes[at] as number;
        if (byte <= Byte.Space) {
          at = spaceEnd(bytes, at, end);
          if (at > safe) break walk;
          byte = bytes[at] as number;
        }
        at++;
        if (byte === Byte.Comma) break;
        if (byte !== closing) break walk;
        closing = closings[--depth] as number;
      }
      if ((bytes[at] as number) <= Byte.Space) {
        at = spaceEnd(bytes, at, end);
        if (at > safe) break;
      }
      stop = closing === Byte.CloseBrace ? 'before_name' : 'before_value';
      stopAt = at;
    }
    this.depth = depth;
    this.stop = stop;
    this.underscored = underscored;
    return stopAt;
  }
}

/** The offset behind white space, which may be none; not less than `end` if nothing else is before it. */
function spaceEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  for (; at < end; at++) {
    // Indented JSON has long rows of them.
    while (at + 4 <= end) {
      if (bytes[at] !== Byte.Space) break;
      if (bytes[++at] !== Byte.Space) break;
      if (bytes[++at] !== Byte.Space) break;
      if (bytes[++at] !== Byte.Space) break;
      at++;
    }
    const byte = bytes[at] as number;
    if (byte !== Byte.Space && byte !== Byte.LineFeed && byte !== Byte.CarriageReturn && byte !== Byte.Tab)
      break;
  }
  return at;
}

/** Of `true`, `false` or `null`; 0 if there is none of them. */
function literalLength(bytes: Uint8Array, at: number, first: number): number {
  switch (first) {
    case Byte.LowerT:
      return bytes[at + 1] === 0x72 && bytes[at + 2] === 0x75 && bytes[at + 3] === 0x65 ? 4 : 0;
    case Byte.LowerN:
      return bytes[at + 1] === 0x75 && bytes[at + 2] === 0x6c && bytes[at + 3] === 0x6c ? 4 : 0;
    case Byte.LowerF:
      if (bytes[at + 1] !== 0x61 || bytes[at + 2] !== 0x6c || bytes[at + 3] !== 0x73) return 0;
      return bytes[at + 4] === 0x65 ? 5 : 0;
    default:
      return 0;
  }
}
