import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FaultyDisk, openStorageThrough } from 'iii-storage/testing';
import { gate } from 'iii-testing';
import { dataStores, memoryStores, readConfig, type WorkerStore, type WorkerStores } from 'iii-worker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StateConfig } from './config.js';
import { TestBed } from './test-support.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'iii-state-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const configOf = (given: object) => readConfig('iii-state', StateConfig, given);

/** Stores in the directory of the test, as the engine gives them. */
const onDisk = (warn: (message: string) => void = () => {}) =>
  dataStores({ directory: path.join(directory, 'data'), owner: 'iii-state', warn });

/** Remembers what a worker opens, and hands out memory. */
function recordingStores(): WorkerStores & { readonly opened: Array<WorkerStore | undefined> } {
  const memory = memoryStores();
  const opened: Array<WorkerStore | undefined> = [];
  return {
    opened,
    open: (options) => {
      opened.push(options);
      return memory.open(options);
    },
    close: () => memory.close(),
  };
}

/** Stores on a disk that fails when it is told to. */
async function faultyStores(): Promise<{ readonly disk: FaultyDisk; readonly stores: WorkerStores }> {
  const disk = new FaultyDisk();
  const options = { directory: path.join(directory, 'faulty') };
  const storage = await openStorageThrough(options, (real) => disk.before(real));
  return {
    disk,
    stores: { open: () => storage.open({ name: 'iii-state.main' }), close: () => storage.close() },
  };
}

describe('where values are kept', () => {
  it.each([
    [{}, 'data', 'fsync'],
    [{ adapter: { name: 'kv' } }, 'data', 'fsync'],
    [{ adapter: { name: 'kv', config: { store_method: 'file_based' } } }, 'data', 'fsync'],
    [
      { adapter: { name: 'kv', config: { store_method: 'file_based', file_path: './data/state_store.db' } } },
      { directory: './data/state_store.db' },
      'fsync',
    ],
    [{ adapter: { name: 'kv', config: { store_method: 'in_memory', file_path: 'x' } } }, 'memory', 'fsync'],
    [{ durability: 'commit', save_interval_ms: 5_000 }, 'data', 'commit'],
  ])('with %j is %j', async (config, location, durability) => {
    const stores = recordingStores();
    await using bed = await TestBed.open({ config: config as Partial<StateConfig>, storage: () => stores });
    expect(stores.opened).toEqual([{ location, durability }]);
    expect(bed.log.messages('warn')).toHaveLength(location === 'memory' ? 1 : 0);
  });

  it.each([
    [{ adapter: { name: 'redis' } }, 'adapter.name: expected "kv", not "redis"'],
    [{ adapter: { name: 'kv', config: { store_method: 'tape' } } }, 'expected "file_based" or "in_memory"'],
    [{ adapter: { name: 'kv', url: 'x' } }, 'adapter.url: is not known'],
    [{ adapter: { name: 'kv', config: { path: 'x' } } }, 'adapter.config.path: is not known'],
    [{ max_value_bytes: 0 }, 'max_value_bytes: expected an integer of at least 1'],
    [{ save_interval_ms: 10 }, 'save_interval_ms: expected an integer from 100 to 3600000'],
  ])('is refused to be %j', (config, reason) => {
    expect(() => configOf(config)).toThrow(reason);
  });

  it('stays where it is until the next start, and says so when it is changed', async () => {
    await using bed = await TestBed.open();
    await bed.set('s', 'k', 1);
    await bed.state.reconfigure?.(configOf({ adapter: { config: { store_method: 'in_memory' } } }));
    expect(bed.log.messages('warn')).toEqual([expect.stringContaining('take effect when the engine starts')]);
    expect(await bed.get('s', 'k')).toBe(1);
  });

  it('may be bounded, and says what to do when it is full', async () => {
    await using bed = await TestBed.open({ config: { max_bytes: 200 } });
    await bed.set('s', 'k', 1);
    const { code, message } = await bed.refusal('set', { scope: 's', key: 'l', value: 'x'.repeat(200) });
    expect(code).toBe('SET_ERROR');
    expect(message).toContain('STORE_FULL');
    expect(message).toContain('raise max_bytes');
    expect(await bed.call('list', { scope: 's' })).toEqual([1]);
  });
});

describe('a start after another', () => {
  it('finds values, their order, their versions and their expiry', async () => {
    let version: number;
    {
      await using bed = await TestBed.open({ clock: 'manual', storage: () => onDisk() });
      for (const key of ['c', 'a', 'b']) await bed.set('s', key, key);
      await bed.set('s', 'short', 'x', { ttl_ms: 1_000 });
      const last = await bed.call<{ version: number }>('set', {
        scope: 's',
        key: 'a',
        value: 'A',
        with_version: true,
      });
      ({ version } = last);
    }
    const storage = onDisk();
    await using bed = await TestBed.open({ clock: 'manual', storage: () => storage });
    expect(await bed.call('list', { scope: 's' })).toEqual(['c', 'A', 'b', 'x']);
    expect(await bed.call('get', { scope: 's', key: 'a', with_version: true })).toEqual({
      value: 'A',
      version,
    });
    const next = await bed.call<{ version: number }>('set', {
      scope: 's',
      key: 'n',
      value: 1,
      with_version: true,
    });
    expect(next.version).toBeGreaterThan(version);
    bed.engine.clock.advance(2_000);
    expect(await bed.call('list', { scope: 's' })).toEqual(['c', 'A', 'b', 1]);
    await bed.call('delete', { scope: 's', key: 'b' });
    expect(await bed.call('list_groups', {})).toEqual({ groups: ['s'] });
  });

  it('with a damaged file starts empty, and says where the damaged one went', {
    timeout: 60_000,
  }, async () => {
    {
      await using bed = await TestBed.open({ storage: () => onDisk() });
      for (let n = 0; n < 200; n++) await bed.set('s', `k${n}`, 'x'.repeat(500));
    }
    const file = path.join(directory, 'data', 'data.mdb');
    const bytes = await readFile(file);
    bytes.fill(0x5a, 0, bytes.length / 2);
    await writeFile(file, bytes);
    const warnings: string[] = [];
    await using bed = await TestBed.open({ storage: () => onDisk((message) => warnings.push(message)) });
    expect(await bed.call('list', { scope: 's' })).toEqual([]);
    expect(warnings.join()).toContain('it has been moved to');
    await bed.set('s', 'k', 1);
    expect(await bed.get('s', 'k')).toBe(1);
  });

  it('fails, and offers nothing, when the directory cannot be used', async () => {
    await writeFile(path.join(directory, 'data'), 'a file');
    await expect(TestBed.open({ storage: () => onDisk() })).rejects.toMatchObject({
      code: 'DIRECTORY_UNUSABLE',
    });
  });
});

describe('a disk that is full', () => {
  it('is an error to who writes, an event to nobody, and over when there is room again', async () => {
    const { disk, stores } = await faultyStores();
    await using bed = await TestBed.open({ storage: () => stores });
    await bed.set('s', 'k', 1);
    const events = await bed.watch({});
    disk.breakWith('ENOSPC');
    const address = { scope: 's', key: 'k' };
    const refusals = [
      await bed.refusal('set', { ...address, value: 2 }),
      await bed.refusal('update', { ...address, ops: [] }),
      await bed.refusal('delete', address),
      await bed.refusal('transaction', { operations: [{ type: 'delete', ...address }] }),
    ];
    expect(refusals.map(({ code }) => code)).toEqual([
      'SET_ERROR',
      'UPDATE_ERROR',
      'DELETE_ERROR',
      'TRANSACTION_ERROR',
    ]);
    for (const { message } of refusals) expect(message).toMatch(/WRITE_FAILED: .*ENOSPC/);
    expect(await bed.get('s', 'k')).toBe(1);
    expect(await bed.call('list', { scope: 's' })).toEqual([1]);
    disk.recover();
    await bed.set('s', 'k', 3);
    expect(await events.count(1)).toMatchObject([{ old_value: 1, new_value: 3 }]);
    // Nothing that failed has left anything behind.
    expect(await bed.call('list', { scope: 's', with_keys: true })).toMatchObject([{ key: 'k', value: 3 }]);
  });

  it('fails what was written on top of what failed, and no key is lost or doubled', async () => {
    const { disk, stores } = await faultyStores();
    await using bed = await TestBed.open({ storage: () => stores });
    await bed.set('s', 'k', 0);
    disk.failNext('EIO');
    const ops = [{ type: 'increment', path: '', by: 1 }];
    const updates = Array.from({ length: 50 }, () => bed.call('update', { scope: 's', key: 'k', ops }));
    const created = bed.set('s', 'new', 1);
    const outcomes = await Promise.allSettled(updates);
    const counted = outcomes.filter(({ status }) => status === 'fulfilled').length;
    const isCreated = await created.then(
      () => true,
      () => false,
    );
    expect(counted).toBeLessThan(50);
    expect(await bed.call('list', { scope: 's' })).toEqual(isCreated ? [counted, 1] : [counted]);
  });

  it('lets what has expired be deleted later', async () => {
    const { disk, stores } = await faultyStores();
    await using bed = await TestBed.open({ clock: 'manual', storage: () => stores });
    const events = await bed.watch({});
    await bed.set('s', 'k', 1, { ttl_ms: 1_000 });
    disk.breakWith('ENOSPC');
    bed.engine.clock.advance(2_000);
    await bed.log.line(/expired could not be deleted/);
    expect(await bed.get('s', 'k')).toBeUndefined();
    disk.recover();
    bed.engine.clock.advance(10_000);
    expect((await events.count(2))[1]).toMatchObject({ expired: true });
  });
});

describe('stopping', () => {
  it('finishes writes and events, and offers nothing any more', async () => {
    await using bed = await TestBed.open({ storage: () => onDisk() });
    const [called, free] = [gate(), gate()];
    const events = await bed.watch({}, () => {
      called.open();
      return free.opened;
    });
    const writes = Promise.all([bed.set('s', 'k', 1), bed.set('s', 'k', 2), bed.set('s', 'l', 3)]);
    await called.opened;
    const stopped = bed.state.stop();
    free.open();
    await Promise.all([writes, stopped]);
    expect(events.events.map(({ new_value }) => new_value as number).sort()).toEqual([1, 2, 3]);
    expect(await bed.refusal('get', { scope: 's', key: 'k' })).toMatchObject({ code: 'function_not_found' });
    const { triggers } = await bed.app.trigger<object, { triggers: Array<{ id: string }> }>({
      function_id: 'engine::triggers::list',
      payload: {},
    });
    expect(triggers.map(({ id }) => id)).not.toContain('state');
  });

  it('publishes schemas of what it takes and gives', async () => {
    await using bed = await TestBed.open();
    const info = async (id: string) =>
      bed.app.trigger<object, { functions?: unknown[] }>({
        function_id: 'engine::functions::info',
        payload: { function_id: id },
      });
    expect(await info('state::set')).toMatchObject({
      request_schema: { required: ['scope', 'key', 'value'] },
      response_schema: { title: 'StateSetResult' },
    });
    expect(await info('state::get')).not.toHaveProperty('response_schema');
    const type = await bed.app.trigger({ function_id: 'engine::triggers::info', payload: { id: 'state' } });
    expect(type).toMatchObject({
      configuration_schema: { properties: { scope: {}, key: {}, condition_function_id: {} } },
      request_schema: { required: expect.arrayContaining(['event_type', 'old_value']) },
    });
  });
});
