interface Missing {
  readonly namespace: string;
  readonly functionId: string;
  readonly wakes: Set<() => void>;
}

/** Lanes that wait for a function to be offered (spec/worker-queue.md §8.4). */
export class MissingFunctions {
  readonly #waiting = new Map<string, Missing>();

  get size(): number {
    return this.#waiting.size;
  }

  add(namespace: string, functionId: string, wake: () => void): void {
    const key = keyOf(namespace, functionId);
    const missing = this.#waiting.get(key) ?? { namespace, functionId, wakes: new Set() };
    missing.wakes.add(wake);
    this.#waiting.set(key, missing);
  }

  /** @param isOffered whether somebody offers it now. */
  wake(isOffered: (namespace: string, functionId: string) => boolean): void {
    for (const [key, { namespace, functionId, wakes }] of [...this.#waiting]) {
      if (!isOffered(namespace, functionId)) continue;
      this.#waiting.delete(key);
      for (const wake of wakes) wake();
    }
  }

  wakeAll(): void {
    this.wake(() => true);
  }
}

function keyOf(namespace: string, functionId: string): string {
  return JSON.stringify([namespace, functionId]);
}
