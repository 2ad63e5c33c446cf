import { ActionReader } from './action.js';
import { Byte, isThere } from './bytes.js';
import { CodecError, type Salvage } from './codec-error.js';
import { readErrorBody } from './error-body.js';
import { isFrameType } from './frame-shapes.js';
import type { Action, Frame, FrameType, InvocationResultFrame, InvokeFunctionFrame } from './frames.js';
import { isUuid, UUID_LENGTH } from './ids.js';
import { JsonScanner, JsonSyntaxError } from './json-scanner.js';
import {
  ACTION_SLOT,
  DATA_SLOT,
  DEADLINE_SLOT,
  FUNCTION_SLOT,
  ID_SLOT,
  type Member,
  NAMES,
  PLANS,
  RESULT_SLOT,
  SLOT,
  slotOf,
  TYPE_SLOT,
  UNKNOWN,
} from './member-slots.js';
import { assumeRawJson, parseRaw, RAW_NULL, type RawJson } from './raw-json.js';
import { salvageText } from './salvage.js';
import { callOf, TYPE_START, UsualFrame } from './usual-frame.js';
import { decodeAscii, decodeUtf8, encodeUtf8, isUtf8 } from './utf8.js';

/** In place of a slot: the frame has not begun. */
const BEFORE_OBJECT = -2;

/** Nearly all frames are of these two types, and most of them have only the members they need. */
const INVOKE_TYPE = encodeUtf8('invokefunction');
const RESULT_TYPE = encodeUtf8('invocationresult');
const PLAIN_MEMBERS = 4;

const SALVAGED = ['type', 'invocation_id', 'id', 'trigger_type', 'function_id'] as const;

const NUMBER_STARTS = new Set(encodeUtf8('-0123456789'));

const ESCAPED = 1;
const NOT_ASCII = 2;

/**
 * Reads frames. Free-form members stay the bytes they were ({@link RawJson}, views into the input); everything
 * else is checked and turned into strings. Holds scratch space, so one decoder serves one thread of control,
 * which in JavaScript means: as many connections as you like.
 */
export class FrameDecoder {
  /**
   * Of the frame decoded last: whether a member name anywhere in it begins with `_`, or was spelled with an escape
   * and may do so. Without one, nobody has to look for {@link CALLER_MEMBER} in its payload.
   */
  hasUnderscore = false;
  /**
   * Of the frame decoded last: whether it is an outcome with nothing beside id, function and a result that is not
   * `null`. The bytes it came in may stand for it.
   */
  isPlainResult = false;
  readonly #scanner = new JsonScanner(RAW_NULL);
  readonly #actions = new ActionReader();
  readonly #usual = new UsualFrame();
  #hasUsualHead = false;
  /** Whether all of the frame is as {@link UsualFrame} says. */
  #isUsual = false;
  readonly #start = new Int32Array(NAMES.length);
  readonly #end = new Int32Array(NAMES.length);
  readonly #count = new Uint8Array(NAMES.length);
  readonly #flags = new Uint8Array(NAMES.length);
  #members = 0;
  #slot = UNKNOWN;
  #bytes: Uint8Array = RAW_NULL;

  /**
   * @param bytes the text of one frame. The caller vouches for it being UTF-8 (WebSocket text messages are)
   *   unless `checkUtf8` asks for the check.
   * @throws CodecError, and nothing else.
   */
  decode(bytes: Uint8Array, options?: { readonly checkUtf8?: boolean }): Frame {
    try {
      this.begin(bytes, options);
      this.scan();
      return this.finish();
    } finally {
      // A decoder lives as long as its engine, and the last frame may have been a large one.
      this.#bytes = RAW_NULL;
      this.#scanner.reset(RAW_NULL);
    }
  }

  /**
   * For frames too long to be decoded in one go: `begin`, then `scan` until it returns true, then `finish`. A decoder
   * is at one frame at a time. All three throw as {@link decode} does.
   */
  begin(bytes: Uint8Array, options?: { readonly checkUtf8?: boolean }): void {
    if (options?.checkUtf8 === true && !isUtf8(bytes)) {
      throw new CodecError('malformed', 'the frame is not UTF-8');
    }
    this.#bytes = bytes;
    this.#count.fill(0);
    this.#members = 0;
    this.#slot = BEFORE_OBJECT;
    this.#hasUsualHead = false;
    this.#isUsual = false;
    this.#scanner.reset(bytes);
  }

  /**
   * The text is longer now: `bytes` begins with what was there. What is looked at close to an end that is not the last
   * may be misunderstood, and refused; never is anything accepted wrongly.
   */
  extend(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#scanner.extend(bytes);
  }

  /** Bytes that were walked over. */
  get scanned(): number {
    return this.#scanner.position;
  }

  /**
   * Checks the text and notes where the known members of the outermost object are.
   *
   * @param most bytes to walk over before it returns false, and wants to be called again.
   */
  scan(most = Number.POSITIVE_INFINITY): boolean {
    try {
      return this.#scan(this.#scanner.position + most);
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      const message = `the frame is not valid JSON: ${error.message}`;
      throw new CodecError('malformed', message, salvageText(this.#bytes));
    }
  }

  /** What was scanned, as a frame. */
  finish(): Frame {
    this.hasUnderscore = this.#scanner.underscored;
    this.isPlainResult = false;
    if (this.#isUsual) {
      this.isPlainResult = this.#usual.type === 'invocationresult';
      return this.#usual.frameIn(this.#bytes, this.#rawAt(this.#slot));
    }
    const hasDeadline = this.#has(DEADLINE_SLOT);
    const hasAction = this.#has(ACTION_SLOT);
    const more = Number(hasDeadline) + Number(hasAction);
    if (this.#members === PLAIN_MEMBERS + more && this.#has(ID_SLOT) && this.#has(FUNCTION_SLOT)) {
      if (this.#has(DATA_SLOT) && this.#typeIs(INVOKE_TYPE)) return this.#plainCall(hasDeadline, hasAction);
      if (more === 0 && this.#has(RESULT_SLOT) && this.#typeIs(RESULT_TYPE)) return this.#plainResult();
    }
    const type = this.#frameType();
    const members: Record<string, unknown> = { type };
    for (const member of PLANS.get(type) ?? []) {
      const value = this.#member(member, type);
      if (value !== undefined) members[member.name] = value;
    }
    const frame: object = members;
    return frame as Frame;
  }

  #scan(pauseAt: number): boolean {
    const bytes = this.#bytes;
    const scanner = this.#scanner;
    if (this.#slot === BEFORE_OBJECT && !this.#passUsualHead()) {
      scanner.skipSpace();
      if (bytes[scanner.position] !== Byte.OpenBrace) {
        scanner.skipValue();
        scanner.expectEnd();
        throw new CodecError('not_an_object', 'a frame is a JSON object');
      }
      if (!scanner.enterObject()) {
        scanner.expectEnd();
        return true;
      }
      this.#beginMember();
    }
    for (;;) {
      if (!scanner.skipValue(pauseAt)) return false;
      this.#endMember();
      if (this.#hasUsualHead && this.#members === PLAIN_MEMBERS && this.#passUsualTail()) return true;
      if (!scanner.nextMember()) break;
      this.#beginMember();
    }
    scanner.expectEnd();
    return true;
  }

  /** @returns whether the frame begins as nearly all do. Its value is next. */
  #passUsualHead(): boolean {
    const usual = this.#usual;
    if (!usual.passHead(this.#bytes)) return false;
    this.#hasUsualHead = true;
    this.#noteText(TYPE_SLOT, TYPE_START + 1, TYPE_START + 1 + usual.type.length);
    this.#noteText(ID_SLOT, usual.idStart, usual.idStart + UUID_LENGTH);
    this.#noteText(FUNCTION_SLOT, usual.functionStart, usual.functionEnd);
    this.#members = PLAIN_MEMBERS;
    this.#slot = usual.type === 'invokefunction' ? DATA_SLOT : RESULT_SLOT;
    const scanner = this.#scanner;
    scanner.enterObject();
    scanner.position = usual.valueStart;
    scanner.skipSpace();
    this.#start[this.#slot] = scanner.position;
    return true;
  }

  /** A text in ASCII, without escapes. */
  #noteText(slot: number, start: number, end: number): void {
    this.#start[slot] = start - 1;
    this.#end[slot] = end + 1;
    this.#flags[slot] = 0;
    this.#count[slot] = 1;
  }

  /** Behind the value of a frame that began as nearly all do: whether it ends so too. */
  #passUsualTail(): boolean {
    const scanner = this.#scanner;
    if (!this.#has(this.#slot) || !this.#usual.passTail(this.#bytes, scanner.position, this.#actions))
      return false;
    scanner.position = this.#bytes.length;
    this.#isUsual = true;
    return true;
  }

  #beginMember(): void {
    const scanner = this.#scanner;
    scanner.passName();
    this.#members++;
    this.#slot = slotOf(this.#bytes, scanner);
    if (this.#slot !== UNKNOWN) this.#start[this.#slot] = scanner.position;
  }

  #endMember(): void {
    const slot = this.#slot;
    if (slot === UNKNOWN) return;
    const scanner = this.#scanner;
    this.#end[slot] = scanner.position;
    this.#flags[slot] = (scanner.escaped ? ESCAPED : 0) | (scanner.ascii ? 0 : NOT_ASCII);
    const count = this.#count[slot] ?? 0;
    if (count < 2) this.#count[slot] = count + 1;
  }

  /** Whether a member is there once, and is not `null`. */
  #has(slot: number): boolean {
    return this.#count[slot] === 1 && !this.#isNull(slot);
  }

  /** No other value begins like it. */
  #isNull(slot: number): boolean {
    return this.#bytes[this.#start[slot] ?? 0] === Byte.LowerN;
  }

  /** Whether the type is spelled like this, without escapes. */
  #typeIs(type: Uint8Array): boolean {
    const start = (this.#start[TYPE_SLOT] ?? 0) + 1;
    const length = (this.#end[TYPE_SLOT] ?? 0) - start - 1;
    return this.#count[TYPE_SLOT] === 1 && length === type.length && isThere(type, this.#bytes, start);
  }

  #plainCall(hasDeadline: boolean, hasAction: boolean): InvokeFunctionFrame {
    const type = 'invokefunction';
    const id = this.#uuidAt(ID_SLOT, type);
    const functionId = this.#textAt(FUNCTION_SLOT, type);
    const action = hasAction ? this.#action(this.#rawAt(ACTION_SLOT), type) : undefined;
    const deadlineMs = hasDeadline ? this.#msAt(DEADLINE_SLOT, type) : undefined;
    return callOf(id, functionId, this.#rawAt(DATA_SLOT), action, deadlineMs);
  }

  #plainResult(): InvocationResultFrame {
    this.isPlainResult = true;
    return {
      type: 'invocationresult',
      invocation_id: this.#uuidAt(ID_SLOT, 'invocationresult'),
      function_id: this.#textAt(FUNCTION_SLOT, 'invocationresult'),
      result: this.#rawAt(RESULT_SLOT),
    };
  }

  #frameType(): FrameType {
    if (this.#count[TYPE_SLOT] === 0) throw this.#refuse('no_type', 'the frame has no "type"');
    if (this.#count[TYPE_SLOT] !== 1) throw this.#refuse('invalid_member', '"type" appears twice');
    const type = this.#stringAt(TYPE_SLOT);
    if (type === undefined) throw this.#refuse('no_type', '"type" must be a string');
    if (!isFrameType(type)) throw this.#refuse('unknown_type', `unknown frame type ${quote(type)}`);
    return type;
  }

  #member({ name, slot, kind }: Member, type: FrameType): unknown {
    const count = this.#count[slot];
    if (count === 2) throw this.#refuse('invalid_member', `"${name}" appears twice in a ${type} frame`);
    if (count === 0 || this.#isNull(slot)) {
      if (kind === 'json') return RAW_NULL;
      if (kind === 'text') return '';
      if (kind.endsWith('?')) return undefined;
      throw this.#refuse('invalid_member', `a ${type} frame needs "${name}"`);
    }
    switch (kind) {
      case 'json':
      case 'json?':
        return this.#rawAt(slot);
      case 'error':
      case 'error?':
        return readErrorBody(this.#rawAt(slot), type);
      case 'action?':
        return this.#action(this.#rawAt(slot), type);
      case 'strings':
      case 'strings?': {
        const list = parseRaw(this.#rawAt(slot));
        if (Array.isArray(list) && list.every((entry) => typeof entry === 'string')) return list;
        throw this.#refuse('invalid_member', `"${name}" in a ${type} frame must be a list of strings`);
      }
      case 'ms?':
        return this.#msAt(slot, type);
      case 'uuid':
      case 'uuid?':
        return this.#uuidAt(slot, type);
      default:
        return this.#textAt(slot, type);
    }
  }

  #uuidAt(slot: number, type: FrameType): string {
    const text = this.#stringAt(slot);
    if (text !== undefined && isUuid(text)) return text;
    throw this.#refuse('invalid_member', `"${NAMES[slot]}" in a ${type} frame must be a UUID`);
  }

  #msAt(slot: number, type: FrameType): number {
    const start = this.#start[slot] ?? 0;
    const isNumber = NUMBER_STARTS.has(this.#bytes[start] ?? 0);
    const number = isNumber ? Number(decodeAscii(this.#bytes, start, this.#end[slot] ?? 0)) : -1;
    if (number >= 0) return number;
    throw this.#refuse(
      'invalid_member',
      `"${NAMES[slot]}" in a ${type} frame must be a number, not negative`,
    );
  }

  #textAt(slot: number, type: FrameType): string {
    const text = this.#stringAt(slot);
    if (text !== undefined) return text;
    throw this.#refuse('invalid_member', `"${NAMES[slot]}" in a ${type} frame must be a string`);
  }

  #action(raw: RawJson, type: FrameType): Action {
    const action = this.#actions.read(raw);
    if (action !== undefined) return action;
    throw this.#refuse(
      'invalid_member',
      `"action" in a ${type} frame must be {"type":"void"} or {"type":"enqueue","queue":"<name>"}`,
    );
  }

  #rawAt(slot: number): RawJson {
    return assumeRawJson(this.#bytes.subarray(this.#start[slot], this.#end[slot]));
  }

  /** The string in a slot, or undefined when it holds something else. */
  #stringAt(slot: number): string | undefined {
    const start = this.#start[slot] ?? 0;
    const end = this.#end[slot] ?? 0;
    if (this.#bytes[start] !== Byte.Quote) return undefined;
    const flags = this.#flags[slot] ?? 0;
    if (flags === 0) return decodeAscii(this.#bytes, start + 1, end - 1);
    if ((flags & ESCAPED) === 0) return decodeUtf8(this.#bytes, start + 1, end - 1);
    return String(JSON.parse(decodeUtf8(this.#bytes, start, end)));
  }

  #refuse(problem: 'no_type' | 'unknown_type' | 'invalid_member', message: string): CodecError {
    const salvage: { -readonly [K in keyof Salvage]: string } = {};
    for (const name of SALVAGED) {
      const slot = SLOT.get(name) ?? TYPE_SLOT;
      const text = this.#count[slot] === 1 ? this.#stringAt(slot) : undefined;
      if (text !== undefined && (name !== 'invocation_id' || isUuid(text))) salvage[name] = text;
    }
    return new CodecError(problem, message, salvage);
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
