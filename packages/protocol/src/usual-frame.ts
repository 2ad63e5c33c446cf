import type { ActionReader } from './action.js';
import { Byte, isThere } from './bytes.js';
import type { Action, InvocationResultFrame, InvokeFunctionFrame } from './frames.js';
import { isHyphenatedAt, UUID_LENGTH } from './ids.js';
import { IS_ORDINARY } from './ordinary-bytes.js';
import type { RawJson } from './raw-json.js';
import { decodeAscii, encodeUtf8 } from './utf8.js';

interface Spelling {
  readonly type: 'invokefunction' | 'invocationresult';
  readonly beforeId: Uint8Array;
  readonly beforeValue: Uint8Array;
}

const CALL = spelling('invokefunction', 'data');
const OUTCOME = spelling('invocationresult', 'result');
/** The first byte in which the two differ. */
const DIFFERENT_AT = CALL.beforeId.findIndex((byte, at) => byte !== OUTCOME.beforeId[at]);

/** Where the type begins, its quotation mark included. */
export const TYPE_START = encodeUtf8('{"type":').length;
const BEFORE_FUNCTION = encodeUtf8('","function_id":"');
const BEFORE_ACTION = encodeUtf8(',"action":');
const BEFORE_DEADLINE = encodeUtf8(',"deadline_ms":');
/** With more digits than these, an integer may be one that JavaScript cannot hold. */
const MOST_DIGITS = 15;

function spelling(type: Spelling['type'], value: 'data' | 'result'): Spelling {
  return {
    type,
    beforeId: encodeUtf8(`{"type":"${type}","invocation_id":"`),
    beforeValue: encodeUtf8(`","${value}":`),
  };
}

/**
 * How nearly all frames are spelled: a call, or an outcome, with id, function and value in this order, without space or
 * escapes, and of a call perhaps an action that has been seen before, and a deadline. Comparing that saves a third of the
 * time it takes to read a frame. What is spelled in another way is read member by member.
 */
export class UsualFrame {
  type: Spelling['type'] = CALL.type;
  /** Of id and function, without their quotation marks. */
  idStart = 0;
  functionStart = 0;
  functionEnd = 0;
  /** Where the value begins, or space before it. */
  valueStart = 0;
  #action: Action | undefined;
  #deadlineMs: number | undefined;
  #functionId = '';

  /** @returns whether the frame begins like this, as far as where its value is. */
  passHead(bytes: Uint8Array): boolean {
    const isCall = bytes[DIFFERENT_AT] === CALL.beforeId[DIFFERENT_AT];
    const { type, beforeId, beforeValue } = isCall ? CALL : OUTCOME;
    this.type = type;
    this.idStart = beforeId.length;
    if (!isThere(beforeId, bytes, 0) || !isHyphenatedAt(bytes, this.idStart)) return false;
    const idEnd = this.idStart + UUID_LENGTH;
    if (!isThere(BEFORE_FUNCTION, bytes, idEnd)) return false;
    let at = idEnd + BEFORE_FUNCTION.length;
    this.functionStart = at;
    while (IS_ORDINARY[bytes[at] as number] === 1) at++;
    this.functionEnd = at;
    this.valueStart = at + beforeValue.length;
    return isThere(beforeValue, bytes, at);
  }

  /**
   * @param from where its value ends.
   * @returns whether the frame also ends like this.
   */
  passTail(bytes: Uint8Array, from: number, actions: ActionReader): boolean {
    let at = from;
    this.#action = undefined;
    this.#deadlineMs = undefined;
    if (this.type === 'invokefunction' && bytes[at] === Byte.Comma) {
      if (isThere(BEFORE_ACTION, bytes, at)) {
        this.#action = actions.knownAt(bytes, at + BEFORE_ACTION.length);
        if (this.#action === undefined) return false;
        at += BEFORE_ACTION.length + actions.knownLength;
      }
      if (isThere(BEFORE_DEADLINE, bytes, at)) {
        const start = at + BEFORE_DEADLINE.length;
        for (at = start; isDigit(bytes[at] as number); at++) {}
        this.#deadlineMs = integerAt(bytes, start, at);
        if (this.#deadlineMs === undefined) return false;
      }
    }
    return bytes[at] === Byte.CloseBrace && at + 1 === bytes.length;
  }

  /** A frame whose head and tail were passed. */
  frameIn(bytes: Uint8Array, value: RawJson): InvokeFunctionFrame | InvocationResultFrame {
    const id = decodeAscii(bytes, this.idStart, this.idStart + UUID_LENGTH);
    const functionId = this.#functionIn(bytes);
    if (this.type === 'invokefunction') return callOf(id, functionId, value, this.#action, this.#deadlineMs);
    return { type: this.type, invocation_id: id, function_id: functionId, result: value };
  }

  /** Often the same as in the frame before: to compare it takes less than to make a text. */
  #functionIn(bytes: Uint8Array): string {
    if (!isSpelled(this.#functionId, bytes, this.functionStart, this.functionEnd))
      this.#functionId = decodeAscii(bytes, this.functionStart, this.functionEnd);
    return this.#functionId;
  }
}

/**
 * A call with no more than these. Written out: to leave out what is undefined would take longer than all the rest.
 */
export function callOf(
  invocation_id: string,
  function_id: string,
  data: RawJson,
  action: Action | undefined,
  deadline_ms: number | undefined,
): InvokeFunctionFrame {
  const type = 'invokefunction';
  if (action === undefined) {
    if (deadline_ms === undefined) return { type, invocation_id, function_id, data };
    return { type, invocation_id, function_id, data, deadline_ms };
  }
  if (deadline_ms === undefined) return { type, invocation_id, function_id, data, action };
  return { type, invocation_id, function_id, data, action, deadline_ms };
}

function isSpelled(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let n = 0; n < text.length; n++) if (text.charCodeAt(n) !== bytes[start + n]) return false;
  return true;
}

function isDigit(byte: number): boolean {
  return byte >= Byte.Zero && byte <= Byte.Nine;
}

/** @returns undefined where JSON does not allow it, or it is too long to be sure of it. */
function integerAt(bytes: Uint8Array, start: number, end: number): number | undefined {
  const length = end - start;
  if (length === 0 || length > MOST_DIGITS || (length > 1 && bytes[start] === Byte.Zero)) return undefined;
  let integer = 0;
  for (let at = start; at < end; at++) integer = integer * 10 + (bytes[at] as number) - Byte.Zero;
  return integer;
}
