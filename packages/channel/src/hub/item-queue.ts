import type { Form, WaitingItem } from './item.js';

/** Taken items are dropped from the front of the list when there are so many, and they are half of it. */
const COMPACT_AT = 64;

/** Items that wait in memory, first come first served. */
export class ItemQueue {
  #items: (WaitingItem | undefined)[] = [];
  #next = 0;
  #cost = 0;

  /** Cost of the items in it. One that was sent in part counts as a whole. */
  get cost(): number {
    return this.#cost;
  }

  get isEmpty(): boolean {
    return this.#next === this.#items.length;
  }

  push(data: Uint8Array, form: Form, cost: number): void {
    this.#items.push({ data, form, cost });
    this.#cost += cost;
  }

  peek(): WaitingItem | undefined {
    return this.#items[this.#next];
  }

  /** Takes out what `peek` shows. */
  remove(): void {
    const item = this.#items[this.#next];
    if (item === undefined) return;
    this.#items[this.#next++] = undefined;
    this.#cost -= item.cost;
    if (this.isEmpty) this.clear();
    else if (this.#next >= COMPACT_AT && this.#next * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#next);
      this.#next = 0;
    }
  }

  clear(): void {
    this.#items = [];
    this.#next = 0;
    this.#cost = 0;
  }
}
