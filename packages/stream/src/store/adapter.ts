import type { RawJson } from 'iii-protocol';
import type { StreamEvent } from '../event.js';

export interface GroupAddress {
  readonly streamName: string;
  readonly groupId: string;
}

export interface ItemAddress extends GroupAddress {
  readonly itemId: string;
}

/** What a write has done. */
export interface Written {
  /** What was there before; undefined when there was nothing. The value `null` is something. */
  readonly oldValue: RawJson | undefined;
  /** Where the change stands among all of this store; undefined when nothing was changed. */
  readonly version: number | undefined;
}

/** What was read, and the last change it contains; undefined where changes are not numbered. */
export interface Snapshot<T> {
  readonly data: T;
  readonly version: number | undefined;
}

/**
 * Keeps streams, and carries their events to everyone who serves sockets (spec §2.8). Each method rejects with what the
 * store says; a write that rejects has had no effect. The behaviour suite in `adapter-suite.ts` holds every adapter to it.
 */
export interface StreamAdapter {
  get(item: ItemAddress): Promise<Snapshot<RawJson | undefined>>;
  /** In the order the items came to be; one that is deleted and set again goes last. */
  list(group: GroupAddress): Promise<Snapshot<readonly RawJson[]>>;
  set(item: ItemAddress, value: RawJson): Promise<Written>;
  /** @param change makes the new value of the old one, at once and alone; what it throws undoes the write. */
  update(item: ItemAddress, change: (old: RawJson | undefined) => RawJson): Promise<Written>;
  delete(item: ItemAddress): Promise<Written>;
  /** In byte order. A group is there for as long as it has an item. */
  listGroups(streamName: string): Promise<string[]>;
  /** In byte order of streams, then of groups. */
  listAll(): Promise<StreamListing[]>;
  /** Hands an event to all subscribers. Those of one item's changes are told in the order of the changes. */
  publish(event: StreamEvent): Promise<void>;
  /** @returns stops telling. */
  subscribe(listener: (event: StreamEvent) => void): () => void;
  close(): Promise<void>;
}

export interface StreamListing {
  readonly id: string;
  readonly groups: readonly string[];
}
