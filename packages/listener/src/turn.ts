/** What waits for the end of a turn of the event loop. */
export interface Posted {
  flush(): void;
}

/** Ends of turns, for all sockets of a port: whatever posts within a turn is flushed after it, once. */
export class Turn {
  #posted: Posted[] = [];

  /** To be called once by each that has something to flush. */
  join(posted: Posted): void {
    // Not a microtask: with uWebSockets.js those run after every single message.
    if (this.#posted.push(posted) === 1) setImmediate(this.#end);
  }

  readonly #end = (): void => {
    const posted = this.#posted;
    this.#posted = [];
    for (const each of posted) each.flush();
  };
}
