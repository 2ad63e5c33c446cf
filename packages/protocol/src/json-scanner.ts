import { IS_ORDINARY, LONG, OrdinaryBytes } from './ordinary-bytes.js';

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

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const UPPER_E = 0x45;
const LOWER_E = 0x65;
const LOWER_U = 0x75;

const UNDERSCORE = 0x5f;

const TRUE = [0x74, 0x72, 0x75, 0x65];
const FALSE = [0x66, 0x61, 0x6c, 0x73, 0x65];
const NULL = [0x6e, 0x75, 0x6c, 0x6c];

const SIMPLE_ESCAPES = new Set([...'"\\/bfnrt'].map((c) => c.charCodeAt(0)));

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
  #depth = 0;
  /** Which of the containers that are open are objects. */
  readonly #isObject: boolean[] = [];
  #pause: Pause = 'none';
  /** Containers that were open when the value that was left in the middle began. */
  #base = 0;
  readonly #ordinary: OrdinaryBytes;

  constructor(
    private bytes: Uint8Array,
    private readonly maxDepth = MAX_DEPTH,
  ) {
    this.#ordinary = new OrdinaryBytes(bytes);
  }

  /** Begins anew, with another text. */
  reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.#ordinary.reset(bytes);
    this.position = 0;
    this.underscored = false;
    this.#depth = 0;
    this.#pause = 'none';
  }

  /** The text is longer now, and begins with what was there. */
  extend(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.#ordinary.reset(bytes);
  }

  fail(message: string): never {
    throw new JsonSyntaxError(`${message} at byte ${this.position}`, this.position);
  }

  skipSpace(): void {
    const bytes = this.bytes;
    let at = this.position;
    for (;;) {
      const byte = bytes[at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
      at++;
    }
    this.position = at;
  }

  /** Passes `{` and any space after it; false when the object is empty, in which case it is passed whole. */
  enterObject(): boolean {
    if (this.bytes[this.position] !== OPEN_BRACE) this.fail('expected an object');
    return this.#enter(CLOSE_BRACE);
  }

  /** Passes a member's name and stops at its value; {@link nameStart}, {@link nameEnd}, {@link escaped} describe it. */
  passName(): void {
    const bytes = this.bytes;
    this.nameStart = this.position + 1;
    this.skipString();
    this.nameEnd = this.position - 1;
    if (bytes[this.nameStart] === UNDERSCORE || this.escaped) this.underscored = true;
    if (bytes[this.position] !== COLON) {
      this.skipSpace();
      if (bytes[this.position] !== COLON) this.fail('expected ":" after a member name');
    }
    this.position++;
    this.skipSpace();
  }

  /** After a member's value: passes `,` and returns true, or passes the closing brace and returns false. */
  nextMember(): boolean {
    return this.#next(CLOSE_BRACE, 'expected "," or "}" after a member');
  }

  /** Passes `[` and any space after it; false when the array is empty, in which case it is passed whole. */
  enterArray(): boolean {
    if (this.bytes[this.position] !== OPEN_BRACKET) this.fail('expected an array');
    return this.#enter(CLOSE_BRACKET);
  }

  /** After an element: passes `,` and returns true, or passes the closing bracket and returns false. */
  nextElement(): boolean {
    return this.#next(CLOSE_BRACKET, 'expected "," or "]" after an element');
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
    if (pause === 'none') this.#base = this.#depth;
    else if (pause === 'in_string') {
      // What was left in the middle is the value here; otherwise one follows.
      if (!this.#restOfString(pauseAt)) return false;
      if (!this.#toNextValue()) return true;
    }
    for (;;) {
      if (this.position >= pauseAt) {
        this.#pause = 'before_value';
        return false;
      }
      switch (this.bytes[this.position]) {
        case QUOTE:
          this.#openString();
          if (!this.#restOfString(pauseAt)) return false;
          break;
        case OPEN_BRACE:
          if (!this.#enter(CLOSE_BRACE)) break;
          this.#isObject[this.#depth] = true;
          this.#passInnerName();
          continue;
        case OPEN_BRACKET:
          if (!this.#enter(CLOSE_BRACKET)) break;
          this.#isObject[this.#depth] = false;
          continue;
        case 0x74:
          this.#literal(TRUE);
          break;
        case 0x66:
          this.#literal(FALSE);
          break;
        case 0x6e:
          this.#literal(NULL);
          break;
        default:
          this.#number();
      }
      if (!this.#toNextValue()) return true;
    }
  }

  /** Passes one string, quotes included, and sets {@link escaped} and {@link ascii}. */
  skipString(): void {
    this.#openString();
    this.#restOfString(Number.POSITIVE_INFINITY);
  }

  #openString(): void {
    if (this.bytes[this.position] !== QUOTE) this.fail('expected a string');
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
    if (at < near && bytes[at] === QUOTE) {
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
      at = this.#ordinary.pass(at, end);
      if (at >= end) {
        this.position = at;
        if (at >= bytes.length) this.fail('unterminated string');
        this.#pause = 'in_string';
        return false;
      }
      const byte = bytes[at] as number;
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        this.escaped = true;
        this.position = at;
        at = this.#escape();
      } else if (byte >= 0x80) {
        this.ascii = false;
        while (at < end && (bytes[at] as number) >= 0x80) at++;
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
    if (bytes[at] === QUOTE) {
      if (bytes[++at] === UNDERSCORE) this.underscored = true;
      while (at < bytes.length && IS_ORDINARY[bytes[at] as number] === 1) at++;
      // Nearly every name ends here, right before its colon, and its value right behind that.
      if (bytes[at] === QUOTE && bytes[at + 1] === COLON) {
        this.position = at + 2;
        if ((bytes[at + 2] as number) <= 0x20) this.skipSpace();
        return;
      }
    }
    this.passName();
  }

  /** Behind a value: on to the next one of the containers that were entered; false when all of them are closed. */
  #toNextValue(): boolean {
    while (this.#depth > this.#base) {
      if (this.#isObject[this.#depth]) {
        if (this.#next(CLOSE_BRACE, 'expected "," or "}" after a member')) {
          this.#passInnerName();
          return true;
        }
      } else if (this.#next(CLOSE_BRACKET, 'expected "," or "]" after an element')) return true;
    }
    return false;
  }

  /** Checks the escape at the current position and returns the offset behind it. */
  #escape(): number {
    const at = this.position;
    const kind = this.bytes[at + 1];
    if (kind !== undefined && SIMPLE_ESCAPES.has(kind)) return at + 2;
    if (kind !== LOWER_U) this.fail('invalid escape in a string');
    const unit = this.#hex(at + 2);
    if (unit < 0xd800 || unit > 0xdfff) return at + 6;
    const pairs = unit < 0xdc00 && this.bytes[at + 6] === BACKSLASH && this.bytes[at + 7] === LOWER_U;
    const second = pairs ? this.#hex(at + 8) : 0;
    if (second < 0xdc00 || second > 0xdfff) this.fail('lone surrogate escape in a string');
    return at + 12;
  }

  #hex(at: number): number {
    let value = 0;
    for (let i = at; i < at + 4; i++) {
      const byte = this.bytes[i] ?? 0;
      const digit =
        byte >= ZERO && byte <= NINE
          ? byte - ZERO
          : byte >= 0x61 && byte <= 0x66
            ? byte - 0x57
            : byte >= 0x41 && byte <= 0x46
              ? byte - 0x37
              : -1;
      if (digit < 0) this.fail('invalid \\u escape in a string');
      value = value * 16 + digit;
    }
    return value;
  }

  #number(): void {
    const bytes = this.bytes;
    if (bytes[this.position] === MINUS) this.position++;
    if (bytes[this.position] === ZERO) this.position++;
    else this.#digits('expected a value');
    if (bytes[this.position] === DOT) {
      this.position++;
      this.#digits('expected a digit after "."');
    }
    const exponent = bytes[this.position];
    if (exponent === LOWER_E || exponent === UPPER_E) {
      this.position++;
      const sign = bytes[this.position];
      if (sign === PLUS || sign === MINUS) this.position++;
      this.#digits('expected a digit in the exponent');
    }
  }

  #digits(message: string): void {
    const bytes = this.bytes;
    const start = this.position;
    let at = start;
    for (;;) {
      const byte = bytes[at];
      if (byte === undefined || byte < ZERO || byte > NINE) break;
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
    if (++this.#depth > this.maxDepth) this.fail(`nesting deeper than ${this.maxDepth}`);
    this.position++;
    this.skipSpace();
    if (this.bytes[this.position] !== close) return true;
    this.position++;
    this.#depth--;
    return false;
  }

  #next(close: number, message: string): boolean {
    let byte = this.bytes[this.position];
    if (byte !== COMMA && byte !== close) {
      this.skipSpace();
      byte = this.bytes[this.position];
    }
    if (byte === COMMA) {
      this.position++;
      if ((this.bytes[this.position] as number) <= 0x20) this.skipSpace();
      return true;
    }
    if (byte !== close) this.fail(message);
    this.position++;
    this.#depth--;
    return false;
  }
}
