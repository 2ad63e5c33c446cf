import { JsonScanner, MAX_DEPTH } from './json-scanner.js';
import { decodeUtf8, encodeUtf8, joinUtf8 } from './utf8.js';

declare const rawJson: unique symbol;

/**
 * The UTF-8 text of one complete, valid JSON value without surrounding white space.
 *
 * Free-form values (`data`, `result`, `metadata`, `config`, schemas) travel through the engine in this form, so
 * that 64-bit integers, `1.0` and key order survive (protocol.md §2.3). Only the codec and the functions of this
 * file make one; the bytes are shared, never written to.
 */
export type RawJson = Uint8Array & { readonly [rawJson]: true };

/** Marks bytes as checked. For the codec, which has just scanned them. */
export function assumeRawJson(bytes: Uint8Array): RawJson {
  return bytes as RawJson;
}

export const RAW_NULL: RawJson = assumeRawJson(encodeUtf8('null'));
export const RAW_EMPTY_OBJECT: RawJson = assumeRawJson(encodeUtf8('{}'));

/**
 * The JSON text of a JavaScript value, with `JSON.stringify`'s rules; a value that has no JSON form
 * (`undefined`, a function) becomes `null`.
 *
 * @throws TypeError for a BigInt or a circular structure, as `JSON.stringify` does.
 */
export function rawFromValue(value: unknown): RawJson {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? RAW_NULL : assumeRawJson(encodeUtf8(text));
}

/** Printable ASCII but for what JSON escapes. */
const UNESCAPED = /^[ !#-[\]-~]*$/;

/** The JSON text of a string. Most need no escapes, and looking for what does is quicker than `JSON.stringify`. */
export function quoted(text: string): string {
  return UNESCAPED.test(text) ? `"${text}"` : JSON.stringify(text);
}

/**
 * The text itself, once it is known to be one JSON value.
 *
 * @throws JsonSyntaxError
 */
export function rawFromText(text: string): RawJson {
  return rawFromUtf8(encodeUtf8(text));
}

/**
 * The same for text that is UTF-8 already; the bytes are kept, not copied.
 *
 * @param bytes known to be valid UTF-8.
 * @param maxDepth how deep it may nest.
 * @throws JsonSyntaxError
 */
export function rawFromUtf8(bytes: Uint8Array, maxDepth = MAX_DEPTH): RawJson {
  const scanner = new JsonScanner(bytes, maxDepth);
  scanner.skipSpace();
  const start = scanner.position;
  scanner.skipValue();
  const end = scanner.position;
  scanner.expectEnd();
  return assumeRawJson(bytes.subarray(start, end));
}

/**
 * A value put together of JSON texts and what stands between them.
 *
 * @param pieces yield one JSON value when written one after the other: this is trusted, not checked.
 */
export function joinRaw(pieces: ReadonlyArray<string | RawJson>): RawJson {
  return assumeRawJson(joinUtf8(pieces));
}

/** The JavaScript value. Integers beyond 2^53 lose precision: parse only what has to be looked into. */
export function parseRaw(raw: RawJson): unknown {
  return JSON.parse(decodeUtf8(raw, 0, raw.length));
}

/** The JSON text as a string. */
export function textOfRaw(raw: RawJson): string {
  return decodeUtf8(raw, 0, raw.length);
}

/** A copy with memory of its own: for what is kept longer than the message it came in. */
export function ownRaw(raw: RawJson): RawJson {
  return assumeRawJson(new Uint8Array(raw));
}

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const LOWER_N = 0x6e;

export function isRawObject(raw: RawJson): boolean {
  return raw[0] === OPEN_BRACE;
}

export function isRawArray(raw: RawJson): boolean {
  return raw[0] === OPEN_BRACKET;
}

/** True for the JSON value `null`; no other value starts with `n`. */
export function isRawNull(raw: RawJson): boolean {
  return raw[0] === LOWER_N;
}
