import { type MixedJson, type RawJson, rawFromMixed } from 'iii-protocol';
import type { GroupAddress } from './store/adapter.js';

/** What happened to an item, or was sent beside the items (spec §2.2). */
export type Happening =
  | { readonly type: 'create' | 'update' | 'delete'; readonly data: RawJson }
  | { readonly type: 'event'; readonly event: { readonly type: string; readonly data: RawJson } };

/** What a socket alone is told. */
export type Notice =
  | { readonly type: 'sync'; readonly data: RawJson | readonly RawJson[] }
  | { readonly type: 'unauthorized' };

/** An event of a group, for everyone who follows it. Its text is written once, and only if somebody does. */
export class StreamEvent {
  #text: RawJson | undefined;

  /**
   * @param id the item; null for what was sent to the group as a whole.
   * @param version where the change stands among all of its store; undefined where nothing numbers them.
   */
  constructor(
    readonly group: GroupAddress,
    readonly id: string | null,
    private readonly happening: Happening,
    private readonly timestamp: number,
    readonly version: number | undefined,
  ) {}

  get text(): RawJson {
    this.#text ??= envelope(this.group, this.id, this.happening, this.timestamp);
    return this.#text;
  }
}

/** The text that bindings and sockets get; its members in the order that clients know. */
export function envelope(
  { streamName, groupId }: GroupAddress,
  id: string | null,
  event: Happening | Notice,
  timestamp: number,
): RawJson {
  return rawFromMixed({ type: 'stream', timestamp, streamName, groupId, id, event: event as MixedJson });
}
