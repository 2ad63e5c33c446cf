/** `PART`, which no frame begins with. */
const PREFIX = [0x50, 0x41, 0x52, 0x54];
/** The prefix, and in four bytes, the highest first, how many of the frame are left from this part on. */
export const PART_HEAD_BYTES = 8;

/** Bytes of a frame in each of its parts, at most. */
export const PART_BYTES = 128 * 1024;

/** A binary message with a part of a frame (extension `parts`). */
export interface Part {
  /** Bytes of the frame that had not come before: those of this part and of all behind it. */
  readonly rest: number;
  readonly bytes: Uint8Array;
}

/**
 * Makes a part of a message that has the bytes of the frame behind room for the head.
 *
 * @param rest bytes of the frame from this part on.
 */
export function writePartHead(message: Uint8Array, rest: number): void {
  message.set(PREFIX);
  new DataView(message.buffer, message.byteOffset).setUint32(PREFIX.length, rest);
}

/** What a binary message says if it is a part; it is a view into the message. */
export function readPart(message: Uint8Array): Part | undefined {
  if (message.length < PART_HEAD_BYTES || PREFIX.some((byte, at) => message[at] !== byte)) return undefined;
  const rest = new DataView(message.buffer, message.byteOffset).getUint32(PREFIX.length);
  return { rest, bytes: message.subarray(PART_HEAD_BYTES) };
}

/** Why a part cannot be taken, if that is so. @param expected what it has to say is left; undefined for the first. */
export function faultOfPart({ rest, bytes }: Part, expected: number | undefined): string | undefined {
  if (expected !== undefined && rest !== expected) {
    return `a part says that ${rest} bytes are left of a frame of which ${expected} are`;
  }
  if (bytes.length === 0) return 'a part is empty';
  if (bytes.length > rest) return `a part has ${bytes.length} bytes of a frame of which ${rest} are left`;
  return undefined;
}
