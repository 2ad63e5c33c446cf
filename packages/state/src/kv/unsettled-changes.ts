import { type Address, addressName } from '../adapter.js';

/** Which addresses have changes on their way that are not durable yet. */
export class UnsettledChanges {
  readonly #changes = new Map<string, number>();

  get size(): number {
    return this.#changes.size;
  }

  /** @returns to be called when the change is durable or has failed. */
  add(addresses: readonly Address[]): () => void {
    const names = addresses.map(addressName);
    for (const name of names) this.#changes.set(name, (this.#changes.get(name) ?? 0) + 1);
    return () => {
      for (const name of names) {
        const left = (this.#changes.get(name) ?? 0) - 1;
        if (left > 0) this.#changes.set(name, left);
        else this.#changes.delete(name);
      }
    };
  }

  concern(address: Address): boolean {
    return this.#changes.size > 0 && this.#changes.has(addressName(address));
  }
}
