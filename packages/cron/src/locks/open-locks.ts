import type { Clock, Log } from 'iii-protocol';
import type { WorkerStores } from 'iii-worker';
import type { CronConfig } from '../config.js';
import { StoreLocks } from './store-locks.js';
import type { TickLocks } from './tick-locks.js';

/** Some 300 bytes a schedule. */
const MAX_BYTES = 64 * 1024 * 1024;
const DEFAULT_TTL_MS = 30_000;
const DEFAULT_NAME = 'cron_locks';

export interface OpenLocksOptions {
  readonly storage: WorkerStores;
  readonly clock: Clock;
  readonly logger: Log;
}

/** @throws StorageError when the store cannot be had, for instance because another engine has the data directory. */
export async function openLocks(config: CronConfig, options: OpenLocksOptions): Promise<TickLocks> {
  const { storage, clock, logger } = options;
  const kv = config.adapter?.config;
  const directory = kv?.file_path === undefined ? 'data' : { directory: kv.file_path };
  const store = await storage.open({
    name: kv?.lock_index ?? DEFAULT_NAME,
    location: kv?.store_method === 'in_memory' ? 'memory' : directory,
    durability: config.durability,
    maxBytes: MAX_BYTES,
  });
  const ttlMs = kv?.lock_ttl_ms ?? DEFAULT_TTL_MS;
  return StoreLocks.open({ store, clock, logger, owner: crypto.randomUUID(), ttlMs });
}
