import { Byte } from './bytes.js';
import { escapeEnd, escapeFault } from './json-escapes.js';
import { IS_ORDINARY, LONG, OrdinaryBytes } from './ordinary-bytes.js';
import { MARGIN, UsualJson } from './usual-json.js';

/** Why a text is not acceptable JSON, and where. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

const TRUE = [0x74, 0x72, 0x75, 0x65];
const FALSE = [0x66, 0x61, 0x6c, 0x73, 0x65];
const NULL = [0x6e, 0x75, 0x6c, 0x6c];

/** Containers a frame may nest, itself included (protocol.md §2.1). */
export const MAX_DEPTH = 128;

/** Where a value that was left in the middle goes on. */
type Pause = 'none' | 'before_value' | 'in_string';

/**
 * Walks over JSON text in UTF-8 without building values: checks the grammar of RFC 8259 and finds where values
 * begin and end. Two inputs that `JSON.parse` takes are refused because peers choke on them (protocol.md §2.1):
 * nesting deeper than {@link MAX_DEPTH}, and escapes of lone surrogates.
 *
 * Every method throws {@link JsonSyntaxError}. UTF-8 itself is not checked here.
 */
export class JsonScanner {
  /** Offset of the next byte to look at. */
  position = 0;
  /** Whether the string passed last had an escape, and whether it had a byte outside ASCII. */
  escaped = false;
  ascii = true;
  /** The member name passed last, without its quotes: `[nameStart, nameEnd)`. */
  nameStart = 0;
  nameEnd = 0;
  /** Whether any name so far began with `_`, or was spelled with an escape and may do so. */
  underscored = false;
  #pause: Pause = 'none';
  /** Containers that were open when the value that was left in the middle began. */
  #base = 0;
  readonly #ordinary: OrdinaryBytes;
  readonly #usual: UsualJson;

  constructor(
    private bytes: Uint8Array,
    private readonly maxDepth = MAX_DEPTH,
  ) {
    this.#ordinary = new OrdinaryBytes(bytes);
    this.#usual = new UsualJson(bytes, maxDepth, this.#ordinary);
  }

  /** Begins anew, with another text. */
  reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.#ordinary.reset(bytes);
    this.#usual.reset(bytes);
    this.position = 0;
    this.underscored = false;
    this.#pause = 'none';
  }

  /** The text is longer now, and begins with what was there. */
  extend(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.#ordinary.reset(bytes);
    this.#usual.extend(bytes);
  }

  fail(message: string): never {
    throw new JsonSyntaxError(`${message} at byte ${this.position}`, this.position);
  }

  skipSpace(): void {
    const bytes = this.bytes;
    let at = this.position;
    for (;;) {
      const byte = bytes[at];
      if (byte !== Byte.Space && byte !== Byte.LineFeed && byte !== Byte.CarriageReturn && byte !== Byte.Tab)
        break;
      at++;
    }
    this.position = at;
  }

  /** Passes `{` and any space after it; false when the object is empty, in which case it is passed whole. */
  enterObject(): boolean {
    if (this.bytes[this.position] !== Byte.OpenBrace) this.fail('expected an object');
    return this.#enter(Byte.CloseBrace);
  }

  /** Passes a member's name and stops at its value; {@link nameStart}, {@link nameEnd}, {@link escaped} describe it. */
  passName(): void {
    const bytes = this.bytes;
    this.nameStart = this.position + 1;
    this.skipString();
    this.nameEnd = this.position - 1;
    if (bytes[this.nameStart] === Byte.Underscore || this.escaped) this.underscored = true;
    if (bytes[this.position] !== Byte.Colon) {
      this.skipSpace();
      if (bytes[this.position] !== Byte.Colon) this.fail('expected ":" after a member name');
    }
    this.position++;
    this.skipSpace();
  }

  /** After a member's value: passes `,` and returns true, or passes the closing brace and returns false. */
  nextMember(): boolean {
    return this.#next(Byte.CloseBrace, 'expected "," or "}" after a member');
  }

  /** Passes `[` and any space after it; false when the array is empty, in which case it is passed whole. */
  enterArray(): boolean {
    if (this.bytes[this.position] !== Byte.OpenBracket) this.fail('expected an array');
    return this.#enter(Byte.CloseBracket);
  }

  /** After an element: passes `,` and returns true, or passes the closing bracket and returns false. */
  nextElement(): boolean {
    return this.#next(Byte.CloseBracket, 'expected "," or "]" after an element');
  }

  /** Nothing but space may follow. */
  expectEnd(): void {
    this.skipSpace();
    if (this.position < this.bytes.length) this.fail('unexpected text after the value');
  }

  /**
   * Passes one value.
   *
   * @param pauseAt offset at which it may stop in the middle, for texts too long to be walked over in one go.
   * @returns whether the value was passed whole; if not, the next call goes on with it.
   */
  skipValue(pauseAt = Number.POSITIVE_INFINITY): boolean {
    const pause = this.#pause;
    this.#pause = 'none';
    if (pause === 'none') this.#base = this.#usual.depth;
    else if (pause === 'in_string') {
      // What was left in the middle is the value here; otherwise one follows.
      if (!this.#restOfString(pauseAt)) return false;
      if (!this.#toNextValue()) return true;
    }
    for (;;) {
      if ((this.#usual.depth > this.#base || this.#opens()) && !this.#passUsual(pauseAt)) return true;
      if (this.position >= pauseAt) {
        this.#pause = 'before_value';
        return false;
      }
      switch (this.bytes[this.position]) {
        case Byte.Quote:
          this.#openString();
          if (!this.#restOfString(pauseAt)) return false;
          break;
        case Byte.OpenBrace:
          if (!this.#enter(Byte.CloseBrace)) break;
          this.#passInnerName();
          continue;
        case Byte.OpenBracket:
          if (!this.#enter(Byte.CloseBracket)) break;
          continue;
        case Byte.LowerT:
          this.#literal(TRUE);
          break;
        case Byte.LowerF:
          this.#literal(FALSE);
          break;
        case Byte.LowerN:
          this.#literal(NULL);
          break;
        default:
          this.#number();
      }
      if (!this.#toNextValue()) return true;
    }
  }

  /** Whether a container begins here. */
  #opens(): boolean {
    const byte = this.bytes[this.position];
    return byte === Byte.OpenBrace || byte === Byte.OpenBracket;
  }

  /**
   * At a value: passes what it can of containers in one loop, and stops at another value. All is as if it had been
   * passed token by token; values that are no containers are left to that, since somebody may ask what a string had.
   *
   * @returns false when all containers that were entered are closed.
   */
  #passUsual(pauseAt: number): boolean {
    const usual = this.#usual;
    const end = Math.min(this.bytes.length, pauseAt);
    if (this.position > end - MARGIN) return true;
    this.position = usual.pass(this.position, end, this.#base);
    if (usual.underscored) this.underscored = true;
    if (usual.stop === 'after_value') return this.#toNextValue();
    if (usual.stop === 'before_name') this.#passInnerName();
    return true;
  }

  /** Passes one string, quotes included, and sets {@link escaped} and {@link ascii}. */
  skipString(): void {
    this.#openString();
    this.#restOfString(Number.POSITIVE_INFINITY);
  }

  #openString(): void {
    if (this.bytes[this.position] !== Byte.Quote) this.fail('expected a string');
    this.position++;
    this.escaped = false;
    this.ascii = true;
  }

  /** @returns false when it has stopped before the end. */
  #restOfString(pauseAt: number): boolean {
    const bytes = this.bytes;
    const end = Math.min(bytes.length, pauseAt);
    const near = Math.min(end, this.position + LONG);
    let at = this.position;
    while (at < near && IS_ORDINARY[bytes[at] as number] === 1) at++;
    // Nearly every string ends here.
    if (at < near && bytes[at] === Byte.Quote) {
      this.position = at + 1;
      return true;
    }
    return this.#restOfLongString(at, end);
  }

  /** The same for strings that are long, or have something in them that does not stand for itself. */
  #restOfLongString(from: number, end: number): boolean {
    const bytes = this.bytes;
    let at = from;
    for (;;) {
      at = this.ascii ? this.#ordinary.pass(at, end) : this.#ordinary.passStanding(at, end);
      if (at >= end) {
        this.position = at;
        if (at >= bytes.length) this.fail('unterminated string');
        this.#pause = 'in_string';
        return false;
      }
      const byte = bytes[at] as number;
      if (byte === Byte.Quote) break;
      if (byte === Byte.Backslash) {
        this.escaped = true;
        this.position = at;
        at = this.#escape();
      } else if (byte >= Byte.Beyond) {
        this.ascii = false;
      } else {
        this.position = at;
        this.fail('control character in a string');
      }
    }
    this.position = at + 1;
    return true;
  }

  /** As {@link passName}, of a member nobody asks for. */
  #passInnerName(): void {
    const bytes = this.bytes;
    let at = this.position;
    if (bytes[at] === Byte.Quote) {
      if (bytes[++at] === Byte.Underscore) this.underscored = true;
      while (at < bytes.length && IS_ORDINARY[bytes[at] as number] === 1) at++;
      // Nearly every name ends here, right before its colon, and its value right behind that.
      if (bytes[at] === Byte.Quote && bytes[at + 1] === Byte.Colon) {
        this.position = at + 2;
        if ((bytes[at + 2] as number) <= Byte.Space) this.skipSpace();
        return;
      }
    }
    this.passName();
  }

  /** Behind a value: on to the next one of the containers that were entered; false when all of them are closed. */
  #toNextValue(): boolean {
    while (this.#usual.depth > this.#base) {
      if (this.#usual.closings[this.#usual.depth] === Byte.CloseBrace) {
        if (this.#next(Byte.CloseBrace, 'expected "," or "}" after a member')) {
          this.#passInnerName();
          return true;
        }
      } else if (this.#next(Byte.CloseBracket, 'expected "," or "]" after an element')) return true;
    }
    return false;
  }

  /** Checks the escape at the current position and returns the offset behind it. */
  #escape(): number {
    const end = escapeEnd(this.bytes, this.position);
    return end < 0 ? this.fail(escapeFault(end)) : end;
  }

  #number(): void {
    const bytes = this.bytes;
    if (bytes[this.position] === Byte.Minus) this.position++;
    if (bytes[this.position] === Byte.Zero) this.position++;
    else this.#digits('expected a value');
    if (bytes[this.position] === Byte.Dot) {
      this.position++;
      this.#digits('expected a digit after "."');
    }
    const exponent = bytes[this.position];
    if (exponent === Byte.LowerE || exponent === Byte.UpperE) {
      this.position++;
      const sign = bytes[this.position];
      if (sign === Byte.Plus || sign === Byte.Minus) this.position++;
      this.#digits('expected a digit in the exponent');
    }
  }

  #digits(message: string): void {
    const bytes = this.bytes;
    const start = this.position;
    let at = start;
    for (;;) {
      const byte = bytes[at];
      if (byte === undefined || byte < Byte.Zero || byte > Byte.Nine) break;
      at++;
    }
    if (at === start) this.fail(message);
    this.position = at;
  }

  #literal(expected: readonly number[]): void {
    for (const byte of expected) {
      if (this.bytes[this.position] !== byte) this.fail('expected a value');
      this.position++;
    }
  }

  #enter(close: number): boolean {
    const depth = ++this.#usual.depth;
    this.#usual.closings[depth] = close;
    if (depth > this.maxDepth) this.fail(`nesting deeper than ${this.maxDepth}`);
    this.position++;
    this.skipSpace();
    if (this.bytes[this.position] !== close) return true;
    this.position++;
    this.#usual.depth--;
    return false;
  }

  #next(close: number, message: string): boolean {
    let byte = this.bytes[this.position];
    if (byte !== Byte.Comma && byte !== close) {
      this.skipSpace();
      byte = this.bytes[this.position];
    }
    if (byte === Byte.Comma) {
      this.position++;
      if ((this.bytes[this.position] as number) <= Byte.Space) this.skipSpace();
      return true;
    }
    if (byte !== close) this.fail(message);
    this.position++;
    this.#usual.depth--;
    return false;
  }
}
