import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { rawFromText, textOfRaw } from 'iii-protocol';
import { dataStores, memoryStores, readConfig, type WorkerStores } from 'iii-worker';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { StreamConfig } from '../config.js';
import { adapterSuite } from './adapter-suite.js';
import { isSamePlace, openAdapter } from './open-adapter.js';

const config = (given: object = {}) => readConfig('iii-stream', StreamConfig, given);

adapterSuite('a store in memory', () => openAdapter(config(), memoryStores()));

describe('on disk', () => {
  const root = mkdtempSync(path.join(os.tmpdir(), 'iii-stream-'));
  const open: WorkerStores[] = [];
  let directories = 0;
  const stores = (directory: string) => {
    const made = dataStores({
      directory,
      owner: 'iii-stream',
      warn: (message) => expect.unreachable(message),
    });
    open.push(made);
    return made;
  };
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });
  afterAll(() => rmSync(root, { recursive: true }));

  // What is committed is what counts here; that it is on the disk too is a matter of iii-storage.
  const quick = config({ durability: 'commit' });
  adapterSuite('a store', () => openAdapter(quick, stores(path.join(root, String(directories++)))), {
    runs: 5,
  });

  it('everything is there again after a restart, in the same order', async () => {
    const directory = path.join(root, 'kept');
    const group = { streamName: 's', groupId: 'g' };
    const first = stores(directory);
    const before = await openAdapter(config(), first);
    for (const itemId of ['c', 'a', 'b']) await before.set({ ...group, itemId }, rawFromText(`"${itemId}"`));
    await before.delete({ ...group, itemId: 'a' });
    const { version } = await before.list(group);
    await before.close();
    await first.close();
    const after = await openAdapter(config(), stores(directory));
    await after.set({ ...group, itemId: 'a' }, rawFromText('1.0'));
    const { data, version: next } = await after.list(group);
    expect(data.map(textOfRaw)).toEqual(['"c"', '"b"', '1.0']);
    expect(next).toBe((version ?? 0) + 1);
    await after.close();
  });
});

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
