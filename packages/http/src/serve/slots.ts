/** Something that wants to be among those served at a time. */
export interface Entrant {
  begin(): void;
}

/** Lets a number of entrants in; the others wait in the order they came (spec/worker-http.md §9.4). */
export class Slots {
  readonly #inside = new Set<Entrant>();
  readonly #waiting = new Set<Entrant>();
  #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get taken(): number {
    return this.#inside.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Begins the entrant now, or when there is room. */
  enter(entrant: Entrant): void {
    this.#waiting.add(entrant);
    this.#admit();
  }

  /** The entrant is done, or no longer wants to be served. */
  leave(entrant: Entrant): void {
    this.#inside.delete(entrant);
    this.#waiting.delete(entrant);
    this.#admit();
  }

  /** Takes the entrant in if there is room now; otherwise it neither waits nor begins. */
  tryTake(entrant: Entrant): boolean {
    if (this.#inside.size >= this.#limit) return false;
    this.#inside.add(entrant);
    return true;
  }

  resize(limit: number): void {
    this.#limit = limit;
    this.#admit();
  }

  #admit(): void {
    for (const entrant of this.#waiting) {
      if (this.#inside.size >= this.#limit) return;
      this.#waiting.delete(entrant);
      this.#inside.add(entrant);
      entrant.begin();
    }
  }
}
