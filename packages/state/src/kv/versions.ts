import type { Transaction } from 'iii-storage';
import { counterKey } from './layout.js';

/** Versions that are set aside with one write of the counter; those left when the process ends are skipped. */
const RESERVE = 65_536;

/**
 * Versions that grow and are never used twice in one store, whatever was undone or lost: they are only taken from a
 * range that a transaction before, or this one, has set aside.
 */
export class Versions {
  #last: number | undefined;

  next(tx: Transaction): number {
    const kept = tx.get(counterKey);
    const ceiling = kept === undefined ? 0 : Buffer.from(kept).readUIntBE(0, 6);
    // Those up to the ceiling may have been used by a process that was here before.
    this.#last ??= ceiling;
    const next = this.#last + 1;
    if (next > ceiling) {
      const bytes = Buffer.allocUnsafe(6);
      bytes.writeUIntBE(next + RESERVE, 0, 6);
      tx.put(counterKey, bytes);
    }
    this.#last = next;
    return next;
  }
}
