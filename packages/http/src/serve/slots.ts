/** Something that wants to be among those served at a time. */
export interface Entrant {
  begin(): void;
}

/** Lets a number of entrants in; the others wait in the order they came (spec/worker-http.md §9.4). */
export class Slots {
  /** Weak not because anybody would be forgotten in it: for why it is no `Set`, see `SlotTable` of iii-protocol. */
  readonly #inside = new WeakSet<Entrant>();
  #taken = 0;
  /** Nobody passes through it while there is room. */
  readonly #waiting = new Set<Entrant>();
  #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Begins the entrant now, or when there is room. */
  enter(entrant: Entrant): void {
    if (this.#waiting.size === 0 && this.tryTake(entrant)) entrant.begin();
    else this.#waiting.add(entrant);
  }

  /** The entrant is done, or no longer wants to be served. */
  leave(entrant: Entrant): void {
    this.#waiting.delete(entrant);
    if (this.#inside.delete(entrant)) this.#taken--;
    this.#admit();
  }

  /** Takes the entrant in if there is room now; otherwise it neither waits nor begins. */
  tryTake(entrant: Entrant): boolean {
    if (this.#inside.has(entrant)) return true;
    if (this.#taken >= this.#limit) return false;
    this.#inside.add(entrant);
    this.#taken++;
    return true;
  }

  resize(limit: number): void {
    this.#limit = limit;
    this.#admit();
  }

  #admit(): void {
    for (const entrant of this.#waiting) {
      if (!this.tryTake(entrant)) return;
      this.#waiting.delete(entrant);
      entrant.begin();
    }
  }
}
