import type { AbortSource } from 'iii-sdk/protocol';

/**
 * Ends one occurrence that is at work. To the calls it makes this is what an `AbortSignal` is; a real one costs as much
 * as the rest of making a call, and hundreds of occurrences may be due at once.
 */
export class Interruption implements AbortSource {
  aborted = false;
  /** What {@link abort} was told; undefined until then. */
  reason: unknown;
  readonly #listeners = new Set<() => void>();

  /** Only the first call has an effect. */
  abort(reason: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const listener of [...this.#listeners]) listener();
    this.#listeners.clear();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.aborted) this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }
}
