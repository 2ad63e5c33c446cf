import type { WorkerStores } from 'iii-worker';
import type { StreamConfig } from '../config.js';
import type { StreamAdapter } from './adapter.js';
import { KvAdapter } from './kv-adapter.js';

/** What of the configuration decides where streams are kept. */
export type StoreConfig = Pick<StreamConfig, 'adapter' | 'durability' | 'max_bytes'>;

/** @throws StorageError when the store cannot be opened. */
export async function openAdapter(config: StoreConfig, storage: WorkerStores): Promise<StreamAdapter> {
  const { adapter, durability, max_bytes: maxBytes } = config;
  const store = await storage.open({
    location: locationOf(adapter.config),
    durability,
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
  return new KvAdapter(store);
}

/** Whether two configurations mean the same store: knobs without effect do not matter (spec §2.13.21). */
export function isSamePlace(a: StoreConfig, b: StoreConfig): boolean {
  return JSON.stringify(locationOf(a.adapter.config)) === JSON.stringify(locationOf(b.adapter.config));
}

function locationOf({ store_method, file_path }: StoreConfig['adapter']['config']) {
  if (store_method === 'in_memory') return 'memory';
  return file_path === undefined ? 'data' : { directory: file_path };
}
