import { costOf, TEXT_ITEM } from '../wire.js';

/**
 * How the bytes of an item are framed: `marked` is text that still has the mark of wire.ts in front, so that it can
 * go from one end with credit to another as it is.
 */
export type Form = 'binary' | 'text' | 'marked';

/** An item that waits. */
export interface WaitingItem {
  readonly form: Form;
  /** What of it was not sent yet. */
  data: Uint8Array;
  /** Of the whole item. */
  readonly cost: number;
}

const MARK = TEXT_ITEM.charCodeAt(0);

export function isMarked(message: Uint8Array): boolean {
  return message[0] === MARK;
}

/** Length of what an item carries, without the mark. */
export function bytesOfItem(data: Uint8Array, form: Form): number {
  return form === 'marked' ? data.byteLength - 1 : data.byteLength;
}

export function costOfItem(data: Uint8Array, form: Form): number {
  return costOf(bytesOfItem(data, form));
}

/** The text message of a peer with credit. */
export function marked(data: Uint8Array, form: 'text' | 'marked'): Uint8Array {
  if (form === 'marked') return data;
  const message = Buffer.allocUnsafe(data.byteLength + 1);
  message[0] = MARK;
  message.set(data, 1);
  return message;
}

/** The text message of a peer without. */
export function unmarked(data: Uint8Array, form: 'text' | 'marked'): Uint8Array {
  return form === 'marked' ? data.subarray(1) : data;
}
