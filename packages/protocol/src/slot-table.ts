/** Slots that are kept when there is nothing in any of them. */
const KEPT = 1_024;

/**
 * Things that come and go all the time, each found again by the number of the slot it was put into.
 *
 * For what lasts as long as a call or a request, in place of a `Set`: one whose entries change all the time goes on in a
 * new table again and again, and V8 has the old table point to the new one. Once one of those tables is in the old
 * generation, whatever was in any that came after it is kept until the next collection of the whole heap, and copied
 * twice before: whole requests, as fast as they come.
 */
export class SlotTable<T extends NonNullable<unknown>> implements Iterable<T> {
  #values: Array<T | undefined> = [];
  #free: number[] = [];

  get size(): number {
    return this.#values.length - this.#free.length;
  }

  /** @returns its slot, which is its own until it is removed. */
  add(value: T): number {
    const slot = this.#free.pop() ?? this.#values.length;
    this.#values[slot] = value;
    return slot;
  }

  get(slot: number): T | undefined {
    return this.#values[slot];
  }

  /** Puts something else into a slot that is in use. */
  replace(slot: number, value: T): void {
    this.#values[slot] = value;
  }

  /** Does nothing to an empty slot. @returns what was in it. */
  remove(slot: number): T | undefined {
    const value = this.#values[slot];
    if (value === undefined) return undefined;
    this.#values[slot] = undefined;
    this.#free.push(slot);
    if (this.#free.length > KEPT && this.size === 0) this.clear();
    return value;
  }

  clear(): void {
    this.#values = [];
    this.#free = [];
  }

  /** In no particular order. What is removed meanwhile does not come any more. */
  *[Symbol.iterator](): Generator<T, void> {
    for (let slot = 0; slot < this.#values.length; slot++) {
      const value = this.#values[slot];
      if (value !== undefined) yield value;
    }
  }
}
