import { randomBytes } from 'node:crypto';

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly payload: Buffer;
}

/** A masked frame, as clients send them. */
export function clientFrame(opcode: number, payload: string | Uint8Array = '', fin = true): Buffer {
  const bytes = Buffer.from(payload);
  const mask = randomBytes(4);
  const masked = bytes.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([frameHead(opcode, bytes.length, fin), mask, masked]);
}

/** Opcode and length of a masked frame, without mask and payload. */
export function frameHead(opcode: number, length: number, fin = true): Buffer {
  const first = (fin ? 0x80 : 0) | opcode;
  if (length < 126) return Buffer.from([first, 0x80 | length]);
  if (length < 65536) return Buffer.from([first, 0x80 | 126, length >> 8, length & 0xff]);
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

export function closePayload(code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return Buffer.concat([payload, Buffer.from(reason)]);
}

/** The first frame in what a server sent, and how long it is; undefined while it is incomplete. */
export function parseServerFrame(data: Buffer): { frame: Frame; length: number } | undefined {
  const [first, second] = data;
  if (first === undefined || second === undefined) return undefined;
  let payloadLength = second & 0x7f;
  let head = 2;
  if (payloadLength === 126) {
    if (data.length < 4) return undefined;
    payloadLength = data.readUInt16BE(2);
    head = 4;
  } else if (payloadLength === 127) {
    if (data.length < 10) return undefined;
    payloadLength = Number(data.readBigUInt64BE(2));
    head = 10;
  }
  const length = head + payloadLength;
  if (data.length < length) return undefined;
  const frame = {
    opcode: first & 0x0f,
    fin: (first & 0x80) !== 0,
    payload: Buffer.from(data.subarray(head, length)),
  };
  return { frame, length };
}
