import path from 'node:path';
import { MemoryStorage, type Storage, type Store } from 'iii-storage';
import type { WorkerStore, WorkerStores } from './worker-stores.js';

export interface DataStoresOptions {
  /** The data directory of this process, absolute. Made when a store in it is opened first. */
  readonly directory: string;
  /** The worker they belong to: its own name, for an alias must find the same data, and `#n` where there are several. */
  readonly owner: string;
  /** Told of each directory once a store in it has been opened. */
  readonly opened?: (directory: string) => void;
  /** Told what somebody should know though nothing fails. */
  readonly warn: (message: string) => void;
}

/** Stores of a worker in files. A worker that opens none has no files. */
export function dataStores(options: DataStoresOptions): WorkerStores {
  return new DataStores(options);
}

/**
 * The name under which a worker keeps its stores.
 *
 * @param type its own name, whatever alias it was declared with.
 * @param instance the name it was declared with.
 */
export function ownerOf(type: string, instance: string): string {
  const number = instance.indexOf('#');
  return number === -1 ? type : type + instance.slice(number);
}

const IN_MEMORY = Symbol('in memory');

class DataStores implements WorkerStores {
  /** By directory. */
  readonly #storages = new Map<string | typeof IN_MEMORY, Promise<Storage>>();

  constructor(private readonly options: DataStoresOptions) {}

  async open({ name = 'main', location = 'data', ...rest }: WorkerStore = {}): Promise<Store> {
    const storage = await this.#storage(location);
    const store = await storage.open({ name: `${this.options.owner}.${name}`, ...rest });
    if (storage.directory !== undefined) this.options.opened?.(storage.directory);
    return store;
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#storages.values());
    this.#storages.clear();
    const storages = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const ends = await Promise.allSettled(storages.map((storage) => storage.close()));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  #storage(location: NonNullable<WorkerStore['location']>): Promise<Storage> {
    const key =
      location === 'memory'
        ? IN_MEMORY
        : path.resolve(location === 'data' ? this.options.directory : location.directory);
    const known = this.#storages.get(key);
    if (known !== undefined) return known;
    const opening: Promise<Storage> =
      key === IN_MEMORY ? Promise.resolve(new MemoryStorage()) : openDirectory(key, this.options);
    this.#storages.set(key, opening);
    // One that could not be opened may be asked for again.
    opening.catch(() => this.#storages.delete(key));
    return opening;
  }
}

/** What is needed for files is loaded for the first of them. */
async function openDirectory(directory: string, { warn }: DataStoresOptions): Promise<Storage> {
  const { openStorage } = await import('iii-storage/disk');
  return openStorage({ directory, warn });
}
