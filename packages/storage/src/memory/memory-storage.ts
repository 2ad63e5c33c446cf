import { checkName } from '../admission.js';
import { StorageError } from '../errors.js';
import type { OpenStore, Storage, Store } from '../store.js';
import { MemoryStore } from './memory-store.js';

/** Stores in the memory of this process. */
export class MemoryStorage implements Storage {
  readonly directory = undefined;
  readonly #open = new Map<string, Store>();

  async open(options: OpenStore): Promise<Store> {
    const { name } = options;
    checkName(name);
    if (this.#open.has(name)) throw new StorageError('STORE_OPEN', `the store ${name} is open already`);
    const store = new MemoryStore(options, () => this.#open.delete(name));
    this.#open.set(name, store);
    return store;
  }

  async close(): Promise<void> {
    for (const store of [...this.#open.values()]) await store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
