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

const TRUE = [0x74, 0x72, 0x75, 0x65];
const FALSE = [0x66, 0x61, 0x6c, 0x73, 0x65];
const NULL = [0x6e, 0x75, 0x6c, 0x6c];

const SIMPLE_ESCAPES = new Set([...'"\\/bfnrt'].map((c) => c.charCodeAt(0)));

/** Containers a frame may nest, itself included (protocol.md §2.1). */
export const MAX_DEPTH = 128;

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
  #depth = 0;

  constructor(private readonly bytes: Uint8Array) {}

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
    this.nameStart = this.position + 1;
    this.skipString();
    this.nameEnd = this.position - 1;
    this.skipSpace();
    if (this.bytes[this.position] !== COLON) this.fail('expected ":" after a member name');
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

  /** Passes one value. */
  skipValue(): void {
    const byte = this.bytes[this.position];
    switch (byte) {
      case QUOTE:
        this.skipString();
        return;
      case OPEN_BRACE:
        if (!this.#enter(CLOSE_BRACE)) return;
        do {
          this.passName();
          this.skipValue();
        } while (this.nextMember());
        return;
      case OPEN_BRACKET:
        if (!this.#enter(CLOSE_BRACKET)) return;
        do {
          this.skipValue();
        } while (this.nextElement());
        return;
      case 0x74:
        this.#literal(TRUE);
        return;
      case 0x66:
        this.#literal(FALSE);
        return;
      case 0x6e:
        this.#literal(NULL);
        return;
      default:
        this.#number();
    }
  }

  /** Passes one string, quotes included, and sets {@link escaped} and {@link ascii}. */
  skipString(): void {
    const bytes = this.bytes;
    let at = this.position;
    if (bytes[at] !== QUOTE) this.fail('expected a string');
    at++;
    let escaped = false;
    let high = 0;
    for (;;) {
      const byte = bytes[at];
      if (byte === undefined) {
        this.position = at;
        this.fail('unterminated string');
      }
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        escaped = true;
        this.position = at;
        at = this.#escape();
        continue;
      }
      if (byte < 0x20) {
        this.position = at;
        this.fail('control character in a string');
      }
      high |= byte;
      at++;
    }
    this.position = at + 1;
    this.escaped = escaped;
    this.ascii = high < 0x80;
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
    if (++this.#depth > MAX_DEPTH) this.fail(`nesting deeper than ${MAX_DEPTH}`);
    this.position++;
    this.skipSpace();
    if (this.bytes[this.position] !== close) return true;
    this.position++;
    this.#depth--;
    return false;
  }

  #next(close: number, message: string): boolean {
    this.skipSpace();
    const byte = this.bytes[this.position];
    if (byte === COMMA) {
      this.position++;
      this.skipSpace();
      return true;
    }
    if (byte !== close) this.fail(message);
    this.position++;
    this.#depth--;
    return false;
  }
}
