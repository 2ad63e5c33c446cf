import type { Totals } from '../admission.js';
import { type Layer, Overlay } from '../overlay.js';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Transactions that become durable together. */
export class Batch {
  readonly overlay: Overlay;
  /** Of keys and values, written by all of them. */
  bytes = 0;
  #transactions = 0;
  #waiters: Waiter[] = [];

  constructor(below: Layer) {
    this.overlay = new Overlay(below);
  }

  get isEmpty(): boolean {
    return this.overlay.count === 0;
  }

  get transactions(): number {
    return this.#transactions;
  }

  /** A transaction has written so much to the overlay. */
  count(bytes: number): void {
    this.bytes += bytes;
    this.#transactions++;
  }

  /** Those who wait for this one now wait for the later one, which has all it had. */
  absorb(later: Batch): void {
    for (const [key, record] of later.overlay.unorderedWrites()) {
      if (record === undefined) this.overlay.delete(key);
      else this.overlay.put(key, record);
    }
    this.bytes += later.bytes;
    this.#transactions += later.#transactions;
    this.#waiters.push(...later.#waiters);
  }

  settled(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  resolve(): void {
    for (const { resolve } of this.#waiters.splice(0)) resolve();
  }

  reject(error: Error): void {
    for (const { reject } of this.#waiters.splice(0)) reject(error);
  }
}

/** A batch as it is handed to a commit. */
export interface Committing {
  readonly batch: Batch;
  readonly totals: Totals;
}
