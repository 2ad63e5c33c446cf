/**
 * That nobody waits for something any more, with a text that says why. Calls take it for their signal: of an
 * `AbortSignal`, every request would pay for an event target.
 */
export class Dismissal {
  #reason: string | undefined;
  #listeners: ReadonlyArray<() => void> = [];

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  /** Only the first time counts. */
  dismiss(reason: string): void {
    if (this.aborted) return;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  /** The listener is called at most once, and never from within this call. */
  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners = [...this.#listeners, listener];
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners = this.#listeners.filter((known) => known !== listener);
  }
}
