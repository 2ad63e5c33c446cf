import { timingSafeEqual } from 'node:crypto';
import { type ChannelRef, randomUuid } from 'iii-protocol';

export type Direction = ChannelRef['direction'];

/** Refs of a new channel. Each direction has its own key, so that a reader cannot write (§19.16). */
export function createRefs(): { readonly writer: ChannelRef; readonly reader: ChannelRef } {
  const channel_id = randomUuid();
  return {
    writer: { channel_id, access_key: randomUuid(), direction: 'write' },
    reader: { channel_id, access_key: randomUuid(), direction: 'read' },
  };
}

/** Compares in a time that does not tell how much of the key is right. */
export function isKeyOf(ref: ChannelRef, key: string): boolean {
  const expected = Buffer.from(ref.access_key);
  const given = Buffer.from(key);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
