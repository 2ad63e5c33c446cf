import type { IIIConnectionState } from '../runtime.js';

type Listener = (state: IIIConnectionState) => void;

/** The state of a connection and who wants to know of it. */
export class ConnectionState {
  #current: IIIConnectionState = 'disconnected';
  readonly #listeners = new Set<{ readonly listener: Listener }>();

  constructor(private readonly problem: (message: string, error: unknown) => void) {}

  get current(): IIIConnectionState {
    return this.#current;
  }

  change(to: IIIConnectionState): void {
    if (this.#current === to) return;
    this.#current = to;
    for (const { listener } of [...this.#listeners]) this.#call(listener);
  }

  /** Calls the listener now and on every change, until the returned function is called. */
  listen(listener: Listener): () => void {
    const entry = { listener };
    this.#listeners.add(entry);
    this.#call(listener);
    return () => void this.#listeners.delete(entry);
  }

  #call(listener: Listener): void {
    try {
      listener(this.#current);
    } catch (error) {
      this.problem('A connection state listener threw', error);
    }
  }
}
