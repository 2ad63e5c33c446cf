import type { AbortSource } from '../protocol.js';

interface Watched {
  readonly fired: Set<() => void>;
  readonly listener: () => void;
}

/**
 * Tells of signals that are aborted, with one listener for each signal however many calls share it: Node warns of a
 * leak from the eleventh listener on.
 */
export class SignalWatch {
  readonly #watched = new Map<AbortSource, Watched>();

  /** Calls `fired` once when the signal is aborted, unless {@link unwatch} comes first. */
  watch(signal: AbortSource, fired: () => void): void {
    const known = this.#watched.get(signal);
    if (known !== undefined) {
      known.fired.add(fired);
      return;
    }
    const watched: Watched = { fired: new Set([fired]), listener: () => this.#abort(signal) };
    this.#watched.set(signal, watched);
    signal.addEventListener('abort', watched.listener);
  }

  unwatch(signal: AbortSource, fired: () => void): void {
    const watched = this.#watched.get(signal);
    watched?.fired.delete(fired);
    if (watched?.fired.size === 0) this.#forget(signal, watched);
  }

  #abort(signal: AbortSource): void {
    const watched = this.#watched.get(signal);
    if (watched === undefined) return;
    this.#forget(signal, watched);
    for (const fired of watched.fired) fired();
  }

  #forget(signal: AbortSource, watched: Watched): void {
    this.#watched.delete(signal);
    signal.removeEventListener('abort', watched.listener);
  }
}

/** What a call rejects with that was aborted: the reason that was given, else an error named `AbortError`. */
export function abortReason(signal: AbortSource): unknown {
  return signal.reason ?? new DOMException('This operation was aborted', 'AbortError');
}
