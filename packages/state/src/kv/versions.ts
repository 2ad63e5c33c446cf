import type { Transaction } from 'iii-storage';
import { counterKey } from './layout.js';

/** Versions that are set aside with one write of the counter; those left when the process ends are skipped. */
const RESERVE = 65_536;

/** A version, and up to where they were found to be set aside, if that was looked up. */
export interface TakenVersion {
  readonly version: number;
  readonly ceiling: number | undefined;
}

/**
 * Versions that grow and are never used twice in one store, whatever was undone or lost: they are only taken from a
 * range that a transaction before, or this one, has set aside.
 */
export class Versions {
  #last: number | undefined;
  /** Up to where they are set aside for good. */
  #settled = 0;

  take(tx: Transaction): TakenVersion {
    if (this.#last !== undefined && this.#last < this.#settled) {
      return { version: ++this.#last, ceiling: undefined };
    }
    const kept = tx.get(counterKey);
    let ceiling = kept === undefined ? 0 : Buffer.from(kept).readUIntBE(0, 6);
    // Those up to the ceiling may have been used by a process that was here before.
    this.#last ??= ceiling;
    const version = this.#last + 1;
    if (version > ceiling) {
      ceiling = version + RESERVE;
      const bytes = Buffer.allocUnsafe(6);
      bytes.writeUIntBE(ceiling, 0, 6);
      tx.put(counterKey, bytes);
    }
    this.#last = version;
    return { version, ceiling };
  }

  /** A transaction that found them set aside up to there has been acknowledged. */
  settle(ceiling: number): void {
    this.#settled = Math.max(this.#settled, ceiling);
  }
}
