import type { Durability, Store } from 'iii-storage';

/** Which store a worker wants. */
export interface WorkerStore {
  /** Among the stores of this worker. Default `main`. */
  readonly name?: string;
  /**
   * `data`: the data directory of this process, the default. `memory`: nowhere but in this process. A directory of its
   * own: relative ones are meant from where the process was started.
   */
  readonly location?: 'data' | 'memory' | { readonly directory: string };
  /** Default `fsync`. */
  readonly durability?: Durability;
  /** Bytes of keys and values it may hold. */
  readonly maxBytes?: number;
}

/** The stores of one worker. Whoever started the worker closes those it left open. */
export interface WorkerStores {
  /** @throws StorageError when the directory cannot be used, or the store is open already. */
  open(options?: WorkerStore): Promise<Store>;
  close(): Promise<void>;
}
