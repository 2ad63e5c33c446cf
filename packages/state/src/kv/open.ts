import type { Log } from 'iii-protocol';
import type { WorkerStore, WorkerStores } from 'iii-worker';
import type { StateConfig } from '../config.js';
import { KvAdapter } from './kv-adapter.js';

type Location = NonNullable<WorkerStore['location']>;

/** Opens what the configuration asks for (§1.8). @throws StorageError when it cannot be used. */
export async function openKvAdapter(
  config: StateConfig,
  storage: WorkerStores,
  log: Log,
): Promise<KvAdapter> {
  const location = locationOf(config);
  if (location === 'memory') {
    log.warn({}, 'state is kept in memory, as configured: it is gone when this process ends');
  }
  const { durability, max_bytes: maxBytes } = config;
  const store = await storage.open({
    location,
    durability,
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
  return new KvAdapter(store, describe(location));
}

/** Without a file of its own it is the data directory, which no other worker takes for its own (§1.12.6). */
export function locationOf({ adapter }: StateConfig): Location {
  const { store_method: method, file_path: directory } = adapter?.config ?? {};
  if (method === 'in_memory') return 'memory';
  return directory === undefined ? 'data' : { directory };
}

function describe(location: Location): string {
  if (location === 'memory') return 'kv in memory';
  return location === 'data' ? 'kv in the data directory' : `kv in ${location.directory}`;
}
