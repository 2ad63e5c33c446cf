import { readAction } from './action.js';
import { CodecError, type Salvage } from './codec-error.js';
import { FRAME_SHAPES, isFrameType, type MemberKind, membersOf } from './frame-shapes.js';
import type { Action, ErrorBody, Frame, FrameType } from './frames.js';
import { isUuid } from './ids.js';
import { JsonScanner, JsonSyntaxError } from './json-scanner.js';
import { assumeRawJson, parseRaw, RAW_NULL, type RawJson } from './raw-json.js';
import { decodeAscii, decodeUtf8, isUtf8 } from './utf8.js';

/** Every member name any frame knows; a name's place here is its slot. */
const NAMES = ['type', ...new Set(Object.values(FRAME_SHAPES).flatMap((shape) => Object.keys(shape)))];
const SLOT = new Map(NAMES.map((name, slot) => [name, slot]));
const TYPE_SLOT = 0;

/** Names by length, so that most of those in a payload are told apart without building a string. */
const NAMES_BY_LENGTH: Array<Array<{ slot: number; bytes: readonly number[] }> | undefined> = [];
for (const [slot, name] of NAMES.entries()) {
  const bytes = [...name].map((c) => c.charCodeAt(0));
  const sameLength = NAMES_BY_LENGTH[bytes.length] ?? [];
  sameLength.push({ slot, bytes });
  NAMES_BY_LENGTH[bytes.length] = sameLength;
}

interface Member {
  readonly name: string;
  readonly slot: number;
  readonly kind: MemberKind;
}

function plan(type: FrameType): readonly Member[] {
  return membersOf(type).map(([name, kind]) => ({ name, kind, slot: SLOT.get(name) ?? TYPE_SLOT }));
}

const PLANS = new Map(
  Object.keys(FRAME_SHAPES)
    .filter(isFrameType)
    .map((type) => [type, plan(type)]),
);

const SALVAGED = ['type', 'invocation_id', 'id', 'trigger_type', 'function_id'] as const;

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
/** Only the value `null` starts with an n. */
const LOWER_N = 0x6e;

const ESCAPED = 1;
const NOT_ASCII = 2;

/**
 * Reads frames. Free-form members stay the bytes they were ({@link RawJson}, views into the input); everything
 * else is checked and turned into strings. Holds scratch space, so one decoder serves one thread of control,
 * which in JavaScript means: as many connections as you like.
 */
export class FrameDecoder {
  readonly #start = new Int32Array(NAMES.length);
  readonly #end = new Int32Array(NAMES.length);
  readonly #count = new Uint8Array(NAMES.length);
  readonly #flags = new Uint8Array(NAMES.length);
  #bytes: Uint8Array = RAW_NULL;

  /**
   * @param bytes the text of one frame. The caller vouches for it being UTF-8 (WebSocket text messages are)
   *   unless `checkUtf8` asks for the check.
   * @throws CodecError, and nothing else.
   */
  decode(bytes: Uint8Array, options: { readonly checkUtf8?: boolean } = {}): Frame {
    if (options.checkUtf8 && !isUtf8(bytes)) throw new CodecError('malformed', 'the frame is not UTF-8');
    this.#bytes = bytes;
    this.#count.fill(0);
    try {
      this.#scan();
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      throw new CodecError('malformed', `the frame is not valid JSON: ${error.message}`, salvageText(bytes));
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

  /** Checks the whole text and notes where the known members of the outermost object are. */
  #scan(): void {
    const bytes = this.#bytes;
    const scanner = new JsonScanner(bytes);
    scanner.skipSpace();
    if (bytes[scanner.position] !== OPEN_BRACE) {
      scanner.skipValue();
      scanner.expectEnd();
      throw new CodecError('not_an_object', 'a frame is a JSON object');
    }
    if (scanner.enterObject()) {
      do {
        scanner.passName();
        const slot = this.#slotOf(scanner);
        const start = scanner.position;
        scanner.skipValue();
        if (slot === undefined) continue;
        this.#start[slot] = start;
        this.#end[slot] = scanner.position;
        this.#flags[slot] = (scanner.escaped ? ESCAPED : 0) | (scanner.ascii ? 0 : NOT_ASCII);
        if ((this.#count[slot] ?? 0) < 2) this.#count[slot] = (this.#count[slot] ?? 0) + 1;
      } while (scanner.nextMember());
    }
    scanner.expectEnd();
  }

  #slotOf(scanner: JsonScanner): number | undefined {
    const { nameStart, nameEnd } = scanner;
    if (scanner.escaped) {
      const name: unknown = JSON.parse(decodeUtf8(this.#bytes, nameStart - 1, nameEnd + 1));
      return SLOT.get(String(name));
    }
    const candidates = NAMES_BY_LENGTH[nameEnd - nameStart];
    if (candidates === undefined) return undefined;
    next: for (const { slot, bytes } of candidates) {
      for (let i = 0; i < bytes.length; i++) {
        if (this.#bytes[nameStart + i] !== bytes[i]) continue next;
      }
      return slot;
    }
    return undefined;
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
    if (count === 0 || this.#bytes[this.#start[slot] ?? 0] === LOWER_N) {
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
      case 'ms?': {
        const number = parseRaw(this.#rawAt(slot));
        if (typeof number === 'number' && number >= 0) return number;
        throw this.#refuse('invalid_member', `"${name}" in a ${type} frame must be a number, not negative`);
      }
      case 'uuid':
      case 'uuid?': {
        const text = this.#stringAt(slot);
        if (text !== undefined && isUuid(text)) return text;
        throw this.#refuse('invalid_member', `"${name}" in a ${type} frame must be a UUID`);
      }
      default: {
        const text = this.#stringAt(slot);
        if (text !== undefined) return text;
        throw this.#refuse('invalid_member', `"${name}" in a ${type} frame must be a string`);
      }
    }
  }

  #action(raw: RawJson, type: FrameType): Action {
    const action = readAction(parseRaw(raw));
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
    if (this.#bytes[start] !== QUOTE) return undefined;
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

/** A malformed error must still fail the call it belongs to, not leave its caller waiting (protocol.md §19.3). */
function readErrorBody(raw: RawJson, type: FrameType): ErrorBody {
  const value = parseRaw(raw);
  if (typeof value === 'object' && value !== null && 'code' in value && 'message' in value) {
    const { code, message } = value;
    if (typeof code === 'string' && typeof message === 'string') {
      const stacktrace = 'stacktrace' in value ? value.stacktrace : undefined;
      return typeof stacktrace === 'string' ? { code, message, stacktrace } : { code, message };
    }
  }
  const code = type === 'triggerregistrationresult' ? 'trigger_registration_failed' : 'invocation_failed';
  return { code, message: typeof value === 'string' ? value : JSON.stringify(value) };
}

const LAST_RESORT = {
  type: /"type"\s*:\s*"([a-z]{1,40})"/g,
  invocation_id: /"invocation_id"\s*:\s*"([0-9a-fA-F-]{36})"/g,
};
const LAST_RESORT_LIMIT = 1024 * 1024;

/**
 * For text that is not JSON (Python writes `NaN`): the type and the invocation id, where each appears exactly once
 * and so can only be the frame's own.
 */
function salvageText(bytes: Uint8Array): Salvage {
  if (bytes.length > LAST_RESORT_LIMIT) return {};
  const text = decodeUtf8(bytes, 0, bytes.length);
  const only = (pattern: RegExp): string | undefined => {
    const found = [...text.matchAll(pattern)];
    return found.length === 1 ? found[0]?.[1] : undefined;
  };
  const type = only(LAST_RESORT.type);
  const invocationId = only(LAST_RESORT.invocation_id);
  if (type === undefined || invocationId === undefined) return {};
  return { type, invocation_id: invocationId };
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
