/**
 * What travels on a channel socket.
 *
 * Without an agreed sub-protocol (official clients): binary messages are binary items, text messages are text items,
 * and nothing else is sent in either direction.
 *
 * With {@link CREDIT_PROTOCOL} (our own ends): binary messages are binary items as they are; the first character of
 * a text message says what it is: {@link TEXT_ITEM} a text item, {@link CREDIT} a grant. A grant is the total cost
 * of items the sender may have begun to send since the connection was made; it starts at {@link WINDOW}.initial
 * without being told, and only ever grows. An item may be sent while less than that has been sent, so the last one
 * may overshoot by itself.
 *
 * Close codes: 1000 and a close frame without a code end a channel cleanly. Anything else, and a connection that is
 * lost, is a failure, and the reason says why.
 */
export const CREDIT_PROTOCOL = 'iii.channel.v1+credit';
export const TEXT_ITEM = 'm';
export const CREDIT = 'c';

/** One message of a channel; boundaries are kept from writer to reader. */
export type Item =
  | { readonly kind: 'binary'; readonly data: Uint8Array }
  | { readonly kind: 'text'; readonly data: string };

/** What every item costs besides its bytes, so that empty ones are not free. */
export const ITEM_OVERHEAD = 64;

/** Cost of an item of so many bytes (UTF-8 for text), in which windows, credit and budgets are counted. */
export function costOf(bytes: number): number {
  return bytes + ITEM_OVERHEAD;
}

/** The text message that grants a total. */
export function grantMessage(total: number): string {
  return `${CREDIT}${total}`;
}

/** The total of a text message that should be a grant; undefined when it is anything else. */
export function parseGrant(message: Uint8Array): number | undefined {
  if (message[0] !== CREDIT.charCodeAt(0) || message.length < 2 || message.length > 17) return undefined;
  let total = 0;
  for (let i = 1; i < message.length; i++) {
    const digit = (message[i] ?? 0) - 48;
    if (digit < 0 || digit > 9) return undefined;
    total = total * 10 + digit;
  }
  return Number.isSafeInteger(total) ? total : undefined;
}

/** Largest binary message an end sends; larger writes become several (sdk-node.md §11.2). */
export const CHUNK_BYTES = 64 * 1024;

export const WINDOW = {
  /** Cost that may be under way on a new connection. */
  initial: 256 * 1024,
  max: 16 * 1024 * 1024,
  min: 64 * 1024,
} as const;

export const CLOSE = {
  /** Clean end. */
  normal: 1000,
  /** The reader wants no more. */
  readerDone: 1001,
  /** The peer broke the rules above. */
  violation: 1008,
  /** The other end failed, or the engine did. */
  failed: 1011,
  /** More than may be kept for a reader that does not keep up. */
  overflow: 1013,
} as const;

/** Whether a close says that everything was sent. 1005: a close frame without a code. */
export function isCleanClose(code: number): boolean {
  return code === CLOSE.normal || code === 1005;
}
