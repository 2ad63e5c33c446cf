/** What waits for the end of a turn of the event loop. */
export interface Posted {
  flush(): void;
}

/** Ends of turns, for all sockets of a port: whatever posts within a turn is flushed after it, once. */
export class Turn {
  #posted: Posted[] = [];
  #isScheduled = false;

  /** To be called once by each that has something to flush. */
  join(posted: Posted): void {
    this.#posted.push(posted);
    this.expect();
  }

  /** Something may be posted in what comes before the end of this turn. */
  expect(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // Not a microtask: with uWebSockets.js those run after every single message.
    setImmediate(this.#end);
  }

  readonly #end = (): void => {
    this.#isScheduled = false;
    const posted = this.#posted;
    this.#posted = [];
    for (const each of posted) each.flush();
  };
}
