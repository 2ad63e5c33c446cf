import type { RawJson } from 'iii-protocol';
import { keyOf, partsOf, rangeOf, type Store, type Transaction } from 'iii-storage';
import type { StreamEvent } from '../event.js';
import type {
  GroupAddress,
  ItemAddress,
  Snapshot,
  StreamAdapter,
  StreamListing,
  Written,
} from './adapter.js';
import { decodeGroup, decodeItem, decodeNumber, encodeGroup, encodeItem, encodeNumber } from './records.js';

/** Number of the last change. */
const VERSION = keyOf('version');
const groupKey = ({ streamName, groupId }: GroupAddress) => keyOf('group', streamName, groupId);
const itemKey = ({ streamName, groupId, itemId }: ItemAddress) => keyOf('item', streamName, groupId, itemId);
/** What gives the items of a group their order; holds the id of the item. */
const placeKey = ({ streamName, groupId }: GroupAddress, place: number) =>
  keyOf('place', streamName, groupId, place);

/** Streams in a store of this process; their events reach the sockets of this process (spec §2.8). */
export class KvAdapter implements StreamAdapter {
  readonly #listeners = new Set<(event: StreamEvent) => void>();

  constructor(private readonly store: Store) {}

  async get(item: ItemAddress): Promise<Snapshot<RawJson | undefined>> {
    const record = this.store.get(itemKey(item));
    return { data: record && decodeItem(record).value, version: this.#version() };
  }

  async list(group: GroupAddress): Promise<Snapshot<readonly RawJson[]>> {
    const { streamName, groupId } = group;
    const data: RawJson[] = [];
    for (const [, itemId] of this.store.range(rangeOf('place', streamName, groupId))) {
      const record = this.store.get(itemKey({ streamName, groupId, itemId: Buffer.from(itemId).toString() }));
      if (record !== undefined) data.push(decodeItem(record).value);
    }
    return { data, version: this.#version() };
  }

  set(item: ItemAddress, value: RawJson): Promise<Written> {
    return this.#write(item, () => value);
  }

  update(item: ItemAddress, change: (old: RawJson | undefined) => RawJson): Promise<Written> {
    return this.#write(item, change);
  }

  delete(item: ItemAddress): Promise<Written> {
    return this.store.transaction((tx) => {
      const key = itemKey(item);
      const record = tx.get(key);
      if (record === undefined) return { oldValue: undefined, version: undefined };
      const { place, value } = decodeItem(record);
      tx.delete(key);
      tx.delete(placeKey(item, place));
      const group = decodeGroup(tx.get(groupKey(item)));
      if (group.items <= 1) tx.delete(groupKey(item));
      else tx.put(groupKey(item), encodeGroup({ ...group, items: group.items - 1 }));
      return { oldValue: value, version: nextVersion(tx) };
    });
  }

  async listGroups(streamName: string): Promise<string[]> {
    return [...this.#groups(rangeOf('group', streamName))].map(({ groupId }) => groupId);
  }

  async listAll(): Promise<StreamListing[]> {
    const streams = new Map<string, string[]>();
    for (const { streamName, groupId } of this.#groups(rangeOf('group'))) {
      const groups = streams.get(streamName);
      if (groups === undefined) streams.set(streamName, [groupId]);
      else groups.push(groupId);
    }
    return [...streams].map(([id, groups]) => ({ id, groups }));
  }

  async publish(event: StreamEvent): Promise<void> {
    for (const listener of this.#listeners) listener(event);
  }

  subscribe(listener: (event: StreamEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await this.store.close();
  }

  #write(item: ItemAddress, change: (old: RawJson | undefined) => RawJson): Promise<Written> {
    return this.store.transaction((tx) => {
      const key = itemKey(item);
      const record = tx.get(key);
      const old = record && decodeItem(record);
      const value = change(old?.value);
      const place = old?.place ?? addToGroup(tx, item);
      tx.put(key, encodeItem({ place, value }));
      return { oldValue: old?.value, version: nextVersion(tx) };
    });
  }

  #version(): number {
    return decodeNumber(this.store.get(VERSION));
  }

  *#groups(range: { readonly from: Uint8Array; readonly to: Uint8Array }): IterableIterator<GroupAddress> {
    for (const [key] of this.store.range(range)) {
      const [, streamName, groupId] = partsOf(key);
      yield { streamName: String(streamName), groupId: String(groupId) };
    }
  }
}

/** @returns the place of the new item: behind all that the group has. */
function addToGroup(tx: Transaction, item: ItemAddress): number {
  const group = decodeGroup(tx.get(groupKey(item)));
  const place = group.nextPlace;
  tx.put(groupKey(item), encodeGroup({ items: group.items + 1, nextPlace: place + 1 }));
  tx.put(placeKey(item, place), Buffer.from(item.itemId));
  return place;
}

function nextVersion(tx: Transaction): number {
  const version = decodeNumber(tx.get(VERSION)) + 1;
  tx.put(VERSION, encodeNumber(version));
  return version;
}
