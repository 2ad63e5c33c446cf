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

/**
 * A map whose entries come and go all the time: its tables hold keys, and never what a key stands for (see
 * {@link SlotTable}). For keys that are texts or numbers. In the order keys were set in.
 */
export class SlotMap<K extends string | number | symbol, V extends NonNullable<unknown>> {
  readonly #slots = new Map<K, number>();
  readonly #values = new SlotTable<V>();

  get size(): number {
    return this.#slots.size;
  }

  has(key: K): boolean {
    return this.#slots.has(key);
  }

  get(key: K): V | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined ? undefined : this.#values.get(slot);
  }

  set(key: K, value: V): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) this.#slots.set(key, this.#values.add(value));
    else this.#values.replace(slot, value);
  }

  /** @returns what the key stood for. */
  delete(key: K): V | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    this.#slots.delete(key);
    return this.#values.remove(slot);
  }

  clear(): void {
    this.#slots.clear();
    this.#values.clear();
  }

  keys(): Iterable<K> {
    return this.#slots.keys();
  }

  *values(): Generator<V, void> {
    for (const slot of this.#slots.values()) {
      const value = this.#values.get(slot);
      if (value !== undefined) yield value;
    }
  }

  *[Symbol.iterator](): Generator<[K, V], void> {
    for (const [key, slot] of this.#slots) {
      const value = this.#values.get(slot);
      if (value !== undefined) yield [key, value];
    }
  }
}
