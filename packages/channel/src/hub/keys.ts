import { timingSafeEqual } from 'node:crypto';
import { type ChannelRef, randomUuid } from 'iii-protocol';

export type Direction = ChannelRef['direction'];

/**
 * Refs of a new channel. Each direction has its own key, so that a reader cannot write (§19.16); one that nobody asks
 * for is never made.
 */
export class ChannelRefs {
  readonly id = randomUuid();
  #writer: ChannelRef | undefined;
  #reader: ChannelRef | undefined;

  get writer(): ChannelRef {
    this.#writer ??= { channel_id: this.id, access_key: randomUuid(), direction: 'write' };
    return this.#writer;
  }

  get reader(): ChannelRef {
    this.#reader ??= { channel_id: this.id, access_key: randomUuid(), direction: 'read' };
    return this.#reader;
  }
}

/** Compares in a time that does not tell how much of the key is right. */
export function isKeyOf(ref: ChannelRef, key: string): boolean {
  const expected = Buffer.from(ref.access_key);
  const given = Buffer.from(key);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
