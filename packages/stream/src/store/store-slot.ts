import type { StreamEvent } from '../event.js';
import type { StreamAdapter } from './adapter.js';

/** The adapter in use, which can be exchanged while others use it. */
export class StoreSlot {
  #adapter: StreamAdapter;
  #stopListening: () => void;

  constructor(
    adapter: StreamAdapter,
    private readonly onEvent: (event: StreamEvent) => void,
  ) {
    this.#adapter = adapter;
    this.#stopListening = adapter.subscribe(onEvent);
  }

  get adapter(): StreamAdapter {
    return this.#adapter;
  }

  /** From now on the other one is used; what the one before is doing is finished, and that one closed. */
  async exchange(adapter: StreamAdapter): Promise<void> {
    const previous = this.#adapter;
    this.#stopListening();
    this.#adapter = adapter;
    this.#stopListening = adapter.subscribe(this.onEvent);
    await previous.close();
  }

  async close(): Promise<void> {
    this.#stopListening();
    await this.#adapter.close();
  }
}
