import type { Totals } from '../admission.js';
import type { StoreWrites } from '../commit/group-commit.js';
import type { KeyText, TextRange } from '../key-text.js';
import { type Layer, Overlay, type TextEntry } from '../overlay.js';
import { bytesOf, type StoreChange } from './journal-record.js';

/** Records of one store, as of the last commit: those only the journal has lie over those in the data file. */
export class StoreLayers implements Layer {
  #active: Epoch;
  /** What the data file is taking over. */
  #frozen: (Epoch & { readonly totals: Totals }) | undefined;

  constructor(
    private readonly store: string,
    private readonly data: Layer,
    public totals: Totals,
  ) {
    this.#active = epochOver(data);
  }

  /** How many have been written to since the last freeze. */
  get keys(): number {
    return this.#active.overlay.count;
  }

  get(key: KeyText): Uint8Array | undefined {
    return this.#active.overlay.get(key);
  }

  has(key: KeyText): boolean {
    return this.#active.overlay.has(key);
  }

  size(key: KeyText): number | undefined {
    return this.#active.overlay.size(key);
  }

  range(range?: TextRange): Iterable<TextEntry> {
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
    this.#active = epochOver(this.#frozen.overlay);
  }

  /** The data file has what was frozen. */
  dropFrozen(): void {
    this.#frozen = undefined;
    this.#active.overlay.rebase(this.data);
  }

  /** The data file has everything. */
  dropAll(): void {
    this.#frozen = undefined;
    this.#active = epochOver(this.data);
  }

  frozenWrites(): StoreWrites | undefined {
    return this.#frozen && this.#writesIn(this.#frozen, this.#frozen.totals);
  }

  writes(): StoreWrites | undefined {
    return this.#writesIn(this.#active, this.totals);
  }

  #writesIn({ overlay, bytes }: Epoch, totals: Totals): StoreWrites | undefined {
    if (overlay.count === 0) return undefined;
    const { store } = this;
    return { store, durability: 'fsync', entries: overlay.count, bytes, writes: overlay.writes(), totals };
  }
}

interface Epoch {
  readonly overlay: Overlay;
  /** Of keys and records that were written, those that were replaced since included. */
  bytes: number;
}

function epochOver(below: Layer): Epoch {
  return { overlay: new Overlay(below), bytes: 0 };
}
