import { MemoryStorage } from 'iii-storage';
import type { WorkerStore, WorkerStores } from './worker-stores.js';

/** Stores of a worker that never touch a disk, whatever it asks for. */
export function memoryStores(): WorkerStores {
  const storage = new MemoryStorage();
  return {
    open: ({ name = 'main', maxBytes }: WorkerStore = {}) =>
      storage.open({ name, ...(maxBytes === undefined ? {} : { maxBytes }) }),
    close: () => storage.close(),
  };
}
