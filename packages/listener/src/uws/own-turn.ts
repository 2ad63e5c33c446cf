/**
 * What the library called back for last, in this thread. It gathers what is written for one connection at a time, the
 * one it is calling back for, be it of this port or of another: there is one loop for all of them.
 */
let current: object | undefined;

/** To be called first in a callback for a connection, before anything can be written to it. */
export function calledFor(connection: object): void {
  current = connection;
}

/**
 * Whether what is written to this connection now may be gathered: it may be called back for, and no other is. What
 * runs in turns of its own, such as timers, is right in any case, whatever the last callback was.
 */
export function isCalledFor(connection: object): boolean {
  return current === connection;
}

/**
 * Does things in a turn of the loop of their own, all that have come up together: within the callback of another
 * connection, every piece that is written would be a system call of its own.
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
