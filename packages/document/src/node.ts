import { assumeRawJson, isRawArray, isRawNull, isRawObject, type RawJson, rawMembers } from 'iii-protocol';

/**
 * A part of a document: the JSON text it came as, until something inside it is to change, and then a Map of its members.
 * What is not walked into stays the very same bytes.
 */
export type Node = RawJson | Map<string, Node>;

export type JsonType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';

const QUOTE = 0x22;
const LOWER_T = 0x74;
const LOWER_F = 0x66;

export function typeOf(node: Node): JsonType {
  if (node instanceof Map || isRawObject(node)) return 'object';
  if (isRawArray(node)) return 'array';
  if (isRawNull(node)) return 'null';
  const first = node[0];
  if (first === QUOTE) return 'string';
  return first === LOWER_T || first === LOWER_F ? 'boolean' : 'number';
}

/** The members of an object, to be changed; undefined for other values. */
export function opened(node: Node): Map<string, Node> | undefined {
  if (node instanceof Map) return node;
  return isRawObject(node) ? new Map(rawMembers(node)) : undefined;
}

/** The JSON text of a node. */
export function closed(node: Node): RawJson {
  if (!(node instanceof Map)) return node;
  const pieces: Uint8Array[] = [];
  write(node, pieces);
  return assumeRawJson(Buffer.concat(pieces));
}

function write(node: Node, pieces: Uint8Array[]): void {
  if (!(node instanceof Map)) {
    pieces.push(node);
    return;
  }
  let before = '{';
  for (const [name, member] of node) {
    pieces.push(Buffer.from(`${before}${JSON.stringify(name)}:`));
    write(member, pieces);
    before = ',';
  }
  pieces.push(Buffer.from(node.size === 0 ? '{}' : '}'));
}

/** The text of an array with one element more, or of a new array. */
export function withElement(array: RawJson | undefined, element: RawJson): RawJson {
  if (array === undefined) return joined('[', element, ']');
  const inside = array.subarray(1, array.length - 1);
  const isEmpty = inside.every((byte) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
  return isEmpty ? joined('[', element, ']') : joined('[', inside, ',', element, ']');
}

/** The text of both strings, one behind the other. */
export function joinedStrings(first: RawJson, second: RawJson): RawJson {
  return joined(first.subarray(0, first.length - 1), second.subarray(1));
}

function joined(...pieces: ReadonlyArray<string | Uint8Array>): RawJson {
  return assumeRawJson(
    Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece))),
  );
}

/** Levels of objects and arrays in a text; 0 for a scalar. */
export function depthOf(raw: RawJson): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < raw.length; at++) {
    const byte = raw[at];
    if (byte === QUOTE) at = endOfString(raw, at);
    else if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return deepest;
}

function endOfString(raw: RawJson, from: number): number {
  let at = from + 1;
  while (raw[at] !== QUOTE) at += raw[at] === 0x5c ? 2 : 1;
  return at;
}
