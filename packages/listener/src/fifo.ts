interface Link<T> {
  readonly value: T;
  next: Link<T> | undefined;
}

/** First in, first out, both in constant time; what has been taken out is not held any more. */
export class Fifo<T> {
  #head: Link<T> | undefined;
  #tail: Link<T> | undefined;

  /** What came first, still inside. */
  get first(): T | undefined {
    return this.#head?.value;
  }

  push(value: T): void {
    const link: Link<T> = { value, next: undefined };
    if (this.#tail === undefined) this.#head = link;
    else this.#tail.next = link;
    this.#tail = link;
  }

  shift(): void {
    const head = this.#head;
    if (head === undefined) return;
    this.#head = head.next;
    if (this.#head === undefined) this.#tail = undefined;
    // A link that lives in the old generation would keep all its successors until that is collected.
    head.next = undefined;
  }

  clear(): void {
    this.#head = undefined;
    this.#tail = undefined;
  }
}
