import { SlotTable } from 'iii-protocol';
import type { AbortSource } from '../protocol.js';

interface Watched {
  readonly fired: SlotTable<() => void>;
  readonly listener: () => void;
}

/**
 * Tells of signals that are aborted, with one listener for each signal however many calls share it: Node warns of a
 * leak from the eleventh listener on.
 */
export class SignalWatch {
  /** Weak not because anything would stay in it: for why it is no `Map`, see {@link SlotTable}. */
  readonly #watched = new WeakMap<AbortSource, Watched>();

  /**
   * Calls `fired` once when the signal is aborted.
   *
   * @returns keeps it from that; to be called at most once.
   */
  watch(signal: AbortSource, fired: () => void): () => void {
    const watched = this.#watched.get(signal) ?? this.#begin(signal);
    const slot = watched.fired.add(fired);
    return () => {
      watched.fired.remove(slot);
      if (watched.fired.size === 0) this.#forget(signal, watched);
    };
  }

  #begin(signal: AbortSource): Watched {
    const watched: Watched = { fired: new SlotTable(), listener: () => this.#abort(signal) };
    this.#watched.set(signal, watched);
    signal.addEventListener('abort', watched.listener);
    return watched;
  }

  #abort(signal: AbortSource): void {
    const watched = this.#watched.get(signal);
    if (watched === undefined) return;
    this.#forget(signal, watched);
    for (const fired of watched.fired) fired();
  }

  #forget(signal: AbortSource, watched: Watched): void {
    if (this.#watched.get(signal) !== watched) return;
    this.#watched.delete(signal);
    signal.removeEventListener('abort', watched.listener);
  }
}

/** What a call rejects with that was aborted: the reason that was given, else an error named `AbortError`. */
export function abortReason(signal: AbortSource): unknown {
  return signal.reason ?? new DOMException('This operation was aborted', 'AbortError');
}
