/** Something that bytes wait for. */
export interface Waiting {
  readonly bufferedBytes: number;
  /** Gives up what waits. */
  cut(): void;
}

/** Bytes that wait for all sockets together: when they are too many, the one with most is cut. */
export class OutboundBudget {
  readonly #known = new Map<Waiting, number>();
  #total = 0;

  /** Bytes that wait, as far as is known: what has left since may still be among them. */
  get total(): number {
    return this.#total;
  }

  /** Something waits for this one, or nothing does any more. */
  note(waiting: Waiting, bytes: number, limit: number): void {
    this.#set(waiting, bytes);
    if (this.#total <= limit) return;
    for (const each of [...this.#known.keys()]) this.#set(each, each.bufferedBytes);
    while (this.#total > limit) {
      const [most] = [...this.#known].sort(([, a], [, b]) => b - a);
      if (most === undefined) return;
      this.#set(most[0], 0);
      most[0].cut();
    }
  }

  forget(waiting: Waiting): void {
    this.#set(waiting, 0);
  }

  #set(waiting: Waiting, bytes: number): void {
    this.#total += bytes - (this.#known.get(waiting) ?? 0);
    if (bytes > 0) this.#known.set(waiting, bytes);
    else this.#known.delete(waiting);
  }
}
