import type { RawJson } from 'iii-protocol';

/**
 * JSON text put together from parts that are JSON text, byte for byte: a value of some MiB is copied once, and no number
 * in it is touched.
 */

/** An object; members that are undefined are left out. */
export function rawObject(members: Readonly<Record<string, RawJson | undefined>>): RawJson {
  const pieces: Uint8Array[] = [];
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined) continue;
    const { first, next } = labelOf(name);
    pieces.push(pieces.length === 0 ? first : next, value);
  }
  return joined(pieces.length === 0 ? [OPEN_OBJECT, CLOSE_OBJECT] : [...pieces, CLOSE_OBJECT]);
}

export function rawArray(items: readonly RawJson[]): RawJson {
  const pieces: Uint8Array[] = [OPEN_ARRAY];
  for (const item of items) {
    if (pieces.length > 1) pieces.push(COMMA);
    pieces.push(item);
  }
  pieces.push(CLOSE_ARRAY);
  return joined(pieces);
}

const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY, COMMA] = ['{', '}', '[', ']', ','].map((text) =>
  Buffer.from(text),
) as [Buffer, Buffer, Buffer, Buffer, Buffer];

interface Label {
  readonly first: Buffer;
  readonly next: Buffer;
}

/** Names of members are those of this package, so there are few. */
const labels = new Map<string, Label>();

function labelOf(name: string): Label {
  const known = labels.get(name);
  if (known !== undefined) return known;
  const text = `${JSON.stringify(name)}:`;
  const label = { first: Buffer.from(`{${text}`), next: Buffer.from(`,${text}`) };
  labels.set(name, label);
  return label;
}

/** Parts that are JSON text, with what belongs between them, are JSON text. */
function joined(pieces: readonly Uint8Array[]): RawJson {
  return Buffer.concat(pieces) as Uint8Array as RawJson;
}
