/** Items that were taken are given up once so many of them have gathered. */
const GIVE_UP_AT = 1_024;

/** First in, first out, in constant time however many wait: an array would move all of them for each that leaves. */
export class Backlog<T> {
  #items: Array<T | undefined> = [];
  #next = 0;

  get length(): number {
    return this.#items.length - this.#next;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  take(): T | undefined {
    const item = this.#items[this.#next];
    if (this.length === 0) return undefined;
    this.#items[this.#next++] = undefined;
    if (this.#next >= GIVE_UP_AT && this.#next * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#next);
      this.#next = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#next = 0;
  }
}
