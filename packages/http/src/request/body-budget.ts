/** Bounds the bytes of request bodies that are in memory at a time, of all requests together. */
export class BodyBudget {
  #taken = 0;

  /** @param limit asked every time, since it can change. */
  constructor(private readonly limit: () => number) {}

  /** Bytes held right now. */
  get taken(): number {
    return this.#taken;
  }

  /** What one request holds: nothing at first. */
  open(): BodyShare {
    return new BodyShare((bytes) => {
      if (bytes > 0 && this.#taken + bytes > this.limit()) return false;
      this.#taken += bytes;
      return true;
    });
  }
}

/** What one request holds of a {@link BodyBudget}. */
export class BodyShare {
  #held = 0;
  #isOver = false;

  /** @param change takes bytes from the budget, or gives them back when negative; false when there is no room. */
  constructor(private readonly change: (bytes: number) => boolean) {}

  /** False when there is no room, or the request is over. */
  take(bytes: number): boolean {
    if (this.#isOver || !this.change(bytes)) return false;
    this.#held += bytes;
    return true;
  }

  /** Gives back what is held, for good. */
  release(): void {
    this.#isOver = true;
    this.change(-this.#held);
    this.#held = 0;
  }
}
