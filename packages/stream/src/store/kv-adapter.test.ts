import { memoryStores, readConfig } from 'iii-worker';
import { describe, expect, it } from 'vitest';
import { StreamConfig } from '../config.js';
import { adapterSuite } from './adapter-suite.js';
import { isSamePlace, openAdapter } from './open-adapter.js';

const config = (given: object = {}) => readConfig('iii-stream', StreamConfig, given);

adapterSuite('a store in memory', () => openAdapter(config(), memoryStores()));

describe('the place of a store', () => {
  const kv = (knobs: object) => config({ adapter: { name: 'kv', config: knobs } });

  it.each([
    [{}, {}, true],
    [{ store_method: 'file_based' }, {}, true],
    [{ file_path: './a', channel_size: 1, save_interval_ms: 100 }, { file_path: './a' }, true],
    [{ file_path: './a' }, { file_path: './b' }, false],
    [{ store_method: 'in_memory' }, {}, false],
    [{ store_method: 'in_memory', file_path: './a' }, { store_method: 'in_memory' }, true],
  ])('%j and %j are the same: %s', (a, b, isSame) => {
    expect(isSamePlace(kv(a), kv(b))).toBe(isSame);
  });

  it('is asked for as configured', async () => {
    const asked: unknown[] = [];
    const stores = memoryStores();
    const storage = {
      ...stores,
      open: (options?: object) => {
        asked.push(options);
        return stores.open(options);
      },
    };
    const given = {
      max_bytes: 1000,
      durability: 'commit',
      adapter: { config: { file_path: './data/streams' } },
    };
    const adapter = await openAdapter(config(given), storage);
    expect(asked).toEqual([
      { location: { directory: './data/streams' }, durability: 'commit', maxBytes: 1000 },
    ]);
    const full = adapter.set(
      { streamName: 's', groupId: 'g', itemId: 'i' },
      Buffer.alloc(2000, '1') as never,
    );
    await expect(full).rejects.toMatchObject({ code: 'STORE_FULL' });
    await adapter.close();
  });

  it('cannot be another adapter yet, which says so', () => {
    expect(() => config({ adapter: { name: 'redis' } })).toThrow('adapter.name: expected "kv", not "redis"');
    expect(() => config({ adapter: { name: 'kv', config: { url: 'x' } } })).toThrow(
      'adapter.config.url: is not known',
    );
  });
});
