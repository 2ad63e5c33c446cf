/**
 * Does things in a turn of the loop of their own, all that have come up together. The library gathers what is written
 * for one connection at a time: within the callback of another one, every piece would be a system call of its own.
 */
export class OwnTurn {
  #waiting: Array<() => void> = [];

  /** @param work must not throw. */
  run(work: () => void): void {
    if (this.#waiting.length === 0) setImmediate(this.#turn);
    this.#waiting.push(work);
  }

  readonly #turn = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const work of waiting) work();
  };
}
