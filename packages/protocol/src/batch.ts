import { allocate, writeUtf8 } from './utf8.js';

/** `#`, which no frame begins with. */
const MARK = 0x23;
/** How many bytes a frame has stands before it, in so many hexadecimal digits. */
const DIGITS = 4;
const LOWER_A = 0x61;
const ZERO = 0x30;

/** Bytes of text a UTF-16 unit becomes at most. */
const BYTES_PER_UNIT = 3;

/**
 * What a batch may be made of. Two peers that have so much to say to each other would take turns if all of it came as
 * one; and a longer frame would gain nothing.
 */
export const BATCH = { frames: 16, frameBytes: 8 * 1024 } as const;

/** Of a batch somebody else has made: all of it is dealt with in one go, before others have their turn. */
const MOST_FRAMES = 64;
const MOST_BYTES = 512 * 1024;

/**
 * Frames in one text message: each with four digits before it, and `#` before them all (extension `batch`). Of at most
 * 65,535 bytes each.
 */
export function joinFrames(frames: readonly Uint8Array[]): Uint8Array {
  let size = 1;
  for (const { length } of frames) size += DIGITS + length;
  const message = allocate(size);
  message[0] = MARK;
  let at = 1;
  for (const frame of frames) {
    writeLength(message, at, frame.length);
    message.set(frame, at + DIGITS);
    at += DIGITS + frame.length;
  }
  return message;
}

/** What a text takes is only known once it is written, and to ask before would take as long again. */
let scratch = new Uint8Array(0);

/** As {@link joinFrames}, of frames of at most {@link BATCH} as text; of texts beyond ASCII each may be longer. */
export function joinTexts(texts: readonly string[]): Uint8Array {
  let room = 1;
  for (const text of texts) room += DIGITS + BYTES_PER_UNIT * text.length;
  if (scratch.length < room) scratch = new Uint8Array(room);
  scratch[0] = MARK;
  let at = 1;
  for (const text of texts) {
    const length = writeUtf8(scratch, text, at + DIGITS);
    writeLength(scratch, at, length);
    at += DIGITS + length;
  }
  const message = allocate(at);
  message.set(scratch.subarray(0, at));
  return message;
}

/** Whether a text message is a batch, where the peer has been told that it may send some. */
export function isBatch(message: Uint8Array): boolean {
  return message[0] === MARK;
}

/**
 * Hands out where each frame of a batch begins and ends.
 *
 * @returns what is wrong with the batch, if anything is; frames before that have been handed out.
 */
export function readBatch(
  message: Uint8Array,
  frame: (start: number, end: number) => void,
): string | undefined {
  if (message.length > MOST_BYTES)
    return `a batch has ${message.length} bytes, where it may have ${MOST_BYTES}`;
  let frames = 0;
  for (let at = 1; at < message.length; ) {
    if (++frames > MOST_FRAMES) return `a batch has more than ${MOST_FRAMES} frames`;
    const length = lengthAt(message, at);
    if (length === undefined) return `byte ${at} of a batch should begin ${DIGITS} digits of 0 to f`;
    const start = at + DIGITS;
    const end = start + length;
    if (end > message.length)
      return `the last frame of a batch is cut off: ${length} bytes are said, ${message.length - start} are there`;
    frame(start, end);
    at = end;
  }
  return undefined;
}

function writeLength(into: Uint8Array, at: number, length: number): void {
  let rest = length;
  for (let digit = DIGITS - 1; digit >= 0; digit--) {
    const value = rest % 16;
    into[at + digit] = value < 10 ? ZERO + value : LOWER_A + value - 10;
    rest = (rest - value) / 16;
  }
}

function lengthAt(message: Uint8Array, at: number): number | undefined {
  let length = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const byte = message[at + digit] ?? 0;
    const value = byte >= LOWER_A ? byte - LOWER_A + 10 : byte - ZERO;
    const isDigit = value >= 0 && value < 16 && (byte >= LOWER_A || value < 10);
    if (!isDigit) return undefined;
    length = 16 * length + value;
  }
  return length;
}
