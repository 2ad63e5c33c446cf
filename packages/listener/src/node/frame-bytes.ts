const FINAL_TEXT = 0x81;
const TWO_BYTES = 126;
const EIGHT_BYTES = 127;

/** Text messages as the frames a server sends (RFC 6455 §5.2), one behind the other. */
export function textFrames(messages: readonly Uint8Array[]): Buffer {
  let size = 0;
  for (const { length } of messages) size += headBytes(length) + length;
  const frames = Buffer.allocUnsafe(size);
  let at = 0;
  for (const message of messages) {
    at = writeHead(frames, at, message.length);
    frames.set(message, at);
    at += message.length;
  }
  return frames;
}

function headBytes(length: number): number {
  return length < TWO_BYTES ? 2 : length < 0x1_0000 ? 4 : 10;
}

/** @returns where the payload begins. */
function writeHead(frames: Buffer, at: number, length: number): number {
  frames[at] = FINAL_TEXT;
  if (length < TWO_BYTES) {
    frames[at + 1] = length;
    return at + 2;
  }
  if (length < 0x1_0000) {
    frames[at + 1] = TWO_BYTES;
    return frames.writeUInt16BE(length, at + 2);
  }
  frames[at + 1] = EIGHT_BYTES;
  return frames.writeBigUInt64BE(BigInt(length), at + 2);
}
