/**
 * The parts of Node's Buffer used here: several times faster than the standard text codecs on short texts. They
 * are not documented, so each is used only where it exists, and browsers never see them.
 */
interface NodeBuffer {
  from(text: string, encoding: 'utf8'): Uint8Array;
  allocUnsafe(size: number): Uint8Array;
  byteLength(text: string): number;
  readonly prototype: {
    latin1Slice(this: Uint8Array, start: number, end: number): string;
    utf8Slice(this: Uint8Array, start: number, end: number): string;
    utf8Write(this: Uint8Array, text: string, offset: number): number;
  };
}

function findNodeBuffer(): NodeBuffer | undefined {
  const found = (globalThis as { Buffer?: NodeBuffer }).Buffer;
  const needed = ['latin1Slice', 'utf8Slice', 'utf8Write'];
  return found && needed.every((name) => name in found.prototype) ? found : undefined;
}

const nodeBuffer = findNodeBuffer();
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const encodeUtf8: (text: string) => Uint8Array = nodeBuffer
  ? (text) => nodeBuffer.from(text, 'utf8')
  : (text) => encoder.encode(text);

/** The text of `bytes[start, end)`. Malformed sequences become U+FFFD. */
export const decodeUtf8: (bytes: Uint8Array, start: number, end: number) => string = nodeBuffer
  ? (bytes, start, end) => nodeBuffer.prototype.utf8Slice.call(bytes, start, end)
  : (bytes, start, end) => decoder.decode(bytes.subarray(start, end));

/** The same for bytes known to be ASCII, which is faster. */
export const decodeAscii: (bytes: Uint8Array, start: number, end: number) => string = nodeBuffer
  ? (bytes, start, end) => nodeBuffer.prototype.latin1Slice.call(bytes, start, end)
  : (bytes, start, end) => decoder.decode(bytes.subarray(start, end));

/** Bytes to be written in full before anyone reads them: they may hold anything. */
export const allocate: (size: number) => Uint8Array = nodeBuffer
  ? (size) => nodeBuffer.allocUnsafe(size)
  : (size) => new Uint8Array(size);

/** Writes the text at `offset` and returns the number of bytes written; `target` must have {@link roomForUtf8}. */
export const writeUtf8: (target: Uint8Array, text: string, offset: number) => number = nodeBuffer
  ? (target, text, offset) => nodeBuffer.prototype.utf8Write.call(target, text, offset)
  : (target, text, offset) => encoder.encodeInto(text, target.subarray(offset)).written;

/**
 * Writes as many characters of the text as there is room for.
 *
 * @returns UTF-16 units that were read, and bytes that were written.
 */
export function writeWhatFits(target: Uint8Array, text: string): { read: number; written: number } {
  return encoder.encodeInto(text, target);
}

export function isUtf8(bytes: Uint8Array): boolean {
  try {
    strictDecoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** A UTF-16 unit becomes at most three bytes. */
export const BYTES_PER_UNIT = 3;

/** Room that {@link writeUtf8} needs for the text: no more than it takes, where that is quickly known. */
export const roomForUtf8: (text: string) => number = nodeBuffer
  ? (text) => nodeBuffer.byteLength(text)
  : (text) => text.length * BYTES_PER_UNIT;

/** Texts and bytes one after the other. */
export function joinUtf8(pieces: ReadonlyArray<string | Uint8Array>): Uint8Array {
  let room = 0;
  for (const piece of pieces) room += typeof piece === 'string' ? roomForUtf8(piece) : piece.length;
  const target = allocate(room);
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      at += writeUtf8(target, piece, at);
    } else {
      target.set(piece, at);
      at += piece.length;
    }
  }
  return at === room ? target : target.subarray(0, at);
}
