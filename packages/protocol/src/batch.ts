import { HEX } from './ids.js';
import { allocate, BYTES_PER_UNIT, writeUtf8 } from './utf8.js';

/** `#`, which no frame begins with. */
const MARK = 0x23;
/** How many bytes a frame has stands before it, in so many hexadecimal digits. */
const DIGITS = 4;
/** What each byte stands for as a digit; less than 0 where it is none. */
const VALUE_OF = Int8Array.from({ length: 256 }, (_, byte) => HEX.indexOf(byte));

/**
 * `frames` and `frameBytes`: what a batch is made of here. Two peers with so much to say to each other would take turns if
 * all of it came as one, and a longer frame would gain nothing. `mostFrames` and `mostBytes`: what is taken in one, as all
 * of it is dealt with before others have their turn. An engine whose messages may not be as long does not offer batches.
 */
export const BATCH = { frames: 16, frameBytes: 8 * 1024, mostFrames: 64, mostBytes: 512 * 1024 } as const;

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
  const { mostBytes, mostFrames } = BATCH;
  if (message.length > mostBytes) {
    return `a batch has ${message.length} bytes, where it may have ${mostBytes}`;
  }
  let frames = 0;
  for (let at = 1; at < message.length; ) {
    if (++frames > mostFrames) return `a batch has more than ${mostFrames} frames`;
    const length = lengthAt(message, at);
    if (length === undefined) return `byte ${at} of a batch should begin ${DIGITS} digits of 0 to f`;
    const start = at + DIGITS;
    const end = start + length;
    if (end > message.length) {
      return `the last frame of a batch is cut off: ${length} bytes are said, ${message.length - start} are there`;
    }
    frame(start, end);
    at = end;
  }
  return undefined;
}

function writeLength(into: Uint8Array, at: number, length: number): void {
  for (let digit = 0; digit < DIGITS; digit++) {
    into[at + digit] = HEX[(length >> (4 * (DIGITS - 1 - digit))) & 0x0f] as number;
  }
}

function lengthAt(message: Uint8Array, at: number): number | undefined {
  let length = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const value = VALUE_OF[message[at + digit] ?? 0] as number;
    if (value < 0) return undefined;
    length = 16 * length + value;
  }
  return length;
}
