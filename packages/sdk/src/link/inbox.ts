/** Length of the longest text that is read at once. */
export const LONGEST_AT_ONCE = 1024 * 1024;

/**
 * Messages in the order they came. A long one is read in a turn of the event loop of its own, when the library that brought it
 * is done with it and its stack holds the bytes no more: to read a long text takes several collections of the heap, each of
 * which has to deal with what is still there.
 */
export class Inbox {
  #waiting: string[] = [];
  #isScheduled = false;

  /**
   * @param read must not throw.
   * @param defer calls back in a turn of its own.
   */
  constructor(
    private readonly read: (text: string) => void,
    private readonly defer: (work: () => void) => void = setImmediate,
  ) {}

  take(text: string): void {
    if (this.#waiting.length === 0 && text.length <= LONGEST_AT_ONCE) {
      this.read(text);
      return;
    }
    this.#waiting.push(text);
    this.#schedule();
  }

  /** Reads all there is, now. */
  finish(): void {
    while (this.#waiting.length > 0) this.#readNext();
  }

  /** Forgets what was not read. */
  drop(): void {
    this.#waiting = [];
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.defer(() => {
      this.#isScheduled = false;
      do this.#readNext();
      while (this.#waiting[0] !== undefined && this.#waiting[0].length <= LONGEST_AT_ONCE);
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #readNext(): void {
    const text = this.#waiting.shift();
    if (text !== undefined) this.read(text);
  }
}
