import type { Totals } from '../admission.js';
import type { StoreWrites } from '../commit/group-commit.js';
import { Overlay } from '../overlay.js';
import type { Entry, KeyRange, Reads } from '../store.js';
import { bytesOf, type StoreChange } from './journal-record.js';

/** Records of one store, as of the last commit: those only the journal has lie over those in the data file. */
export class StoreLayers implements Reads {
  #active: Layer;
  /** What the data file is taking over. */
  #frozen: (Layer & { readonly totals: Totals }) | undefined;

  constructor(
    private readonly store: string,
    private readonly data: Reads,
    public totals: Totals,
  ) {
    this.#active = layerOver(data);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#active.overlay.get(key);
  }

  has(key: Uint8Array): boolean {
    return this.#active.overlay.has(key);
  }

  range(range?: KeyRange): Iterable<Entry> {
    return this.#active.overlay.range(range);
  }

  apply({ writes, totals }: StoreChange): void {
    const { overlay } = this.#active;
    for (const [key, record] of writes) {
      if (record === undefined) overlay.delete(key);
      else overlay.put(key, record);
    }
    this.#active.bytes += bytesOf(writes);
    this.totals = totals;
  }

  /** What has been written from here on lies over what had been before. */
  freeze(): void {
    this.#frozen = { ...this.#active, totals: this.totals };
    this.#active = layerOver(this.#frozen.overlay);
  }

  /** The data file has what was frozen. */
  dropFrozen(): void {
    this.#frozen = undefined;
    this.#active.overlay.rebase(this.data);
  }

  /** The data file has everything. */
  dropAll(): void {
    this.#frozen = undefined;
    this.#active = layerOver(this.data);
  }

  frozenWrites(): StoreWrites | undefined {
    return this.#frozen && this.#writesIn(this.#frozen, this.#frozen.totals);
  }

  writes(): StoreWrites | undefined {
    return this.#writesIn(this.#active, this.totals);
  }

  #writesIn({ overlay, bytes }: Layer, totals: Totals): StoreWrites | undefined {
    if (overlay.size === 0) return undefined;
    const { store } = this;
    return { store, durability: 'fsync', entries: overlay.size, bytes, writes: overlay.writes(), totals };
  }
}

interface Layer {
  readonly overlay: Overlay;
  /** Of keys and records that were written, those that were replaced since included. */
  bytes: number;
}

function layerOver(below: Reads): Layer {
  return { overlay: new Overlay(below), bytes: 0 };
}
