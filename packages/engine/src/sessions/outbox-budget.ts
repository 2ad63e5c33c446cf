/** A peer that has bytes waiting for it. */
export interface Indebted {
  readonly bufferedBytes: number;
  /** Gives up on the peer, in a task of its own. */
  overflow(): void;
}

/**
 * What may wait for all peers together. One peer that does not read is bounded by itself; a thousand of them are
 * bounded here: the one with most waiting is dropped.
 */
export class OutboxBudget {
  readonly #known = new Map<Indebted, number>();
  #total = 0;

  constructor(private readonly maxBytes: number) {}

  get total(): number {
    return this.#total;
  }

  /** To be called when bytes were added to what waits for a peer, or have left. */
  update(peer: Indebted): void {
    const before = this.#known.get(peer) ?? 0;
    const now = peer.bufferedBytes;
    this.#total += now - before;
    if (now === 0) this.#known.delete(peer);
    else this.#known.set(peer, now);
    if (this.#total > this.maxBytes) this.#dropLargest();
  }

  forget(peer: Indebted): void {
    this.#total -= this.#known.get(peer) ?? 0;
    this.#known.delete(peer);
  }

  #dropLargest(): void {
    let largest: Indebted | undefined;
    let most = 0;
    for (const [peer, bytes] of this.#known) {
      if (bytes <= most) continue;
      largest = peer;
      most = bytes;
    }
    if (largest === undefined) return;
    this.forget(largest);
    largest.overflow();
  }
}
