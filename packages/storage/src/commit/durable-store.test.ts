import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStorageThrough } from '../directory/directory-storage.js';
import { keyOf } from '../key.js';
import type { Durability, Storage, Store } from '../store.js';
import { temporaryDirectory } from '../test-support.js';
import { type DiskFault, FaultyDisk } from '../testing/faults.js';

const text = (value: string) => Buffer.from(value);
const read = (store: Store, key: string) => {
  const value = store.get(text(key));
  return value === undefined ? undefined : Buffer.from(value).toString();
};
const put = (store: Store, key: string, value: string) =>
  store.transaction((tx) => tx.put(text(key), text(value)));

const MAX_PENDING = 100_000;

describe('a store on disk', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let disk: FaultyDisk;
  let storage: Storage;
  let warnings: string[];
  let warned: () => void;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    disk = new FaultyDisk();
    warnings = [];
    warned = () => {};
    storage = await open();
  });
  afterEach(async () => {
    disk.recover();
    await storage.close();
    await directory[Symbol.asyncDispose]();
  });

  function open(): Promise<Storage> {
    const warn = (message: string) => {
      warnings.push(message);
      warned();
    };
    const options = { directory: directory.path, retryMs: 1, maxPendingBytes: MAX_PENDING, warn };
    return openStorageThrough(options, (real) => disk.before(real));
  }

  async function restart(): Promise<void> {
    await storage.close();
    storage = await open();
  }

  it('shows outside of transactions only what has been acknowledged', async () => {
    const store = await storage.open({ name: 's' });
    const release = disk.hold();
    let isDone = false;
    const written = put(store, 'a', '1').then(() => {
      isDone = true;
    });
    await new Promise(setImmediate);
    expect([read(store, 'a'), isDone]).toEqual([undefined, false]);
    const inside = store.transaction((tx) => tx.has(text('a')));
    expect(store.figures()).toMatchObject({ entries: 0, bytes: 0, pendingBytes: 2, transactions: 0 });
    release();
    expect(await inside).toBe(true);
    await written;
    expect(read(store, 'a')).toBe('1');
    expect(store.figures()).toMatchObject({ entries: 1, bytes: 2, pendingBytes: 0, transactions: 1 });
  });

  it('writes in one commit what came while the one before was on its way', async () => {
    const [one, two] = [await storage.open({ name: 'one' }), await storage.open({ name: 'two' })];
    const before = disk.commits;
    const release = disk.hold();
    const first = put(one, 'first', 'x');
    await new Promise(setImmediate);
    const others = Array.from({ length: 100 }, (_, n) => put(n % 2 === 0 ? one : two, `${n}`, 'x'));
    release();
    await Promise.all([first, ...others]);
    expect(disk.commits - before).toBe(2);
    expect(one.figures()).toMatchObject({ transactions: 51, commits: 2 });
    expect(two.figures()).toMatchObject({ transactions: 50, commits: 1 });
  });

  it.each<DiskFault>(['ENOSPC', 'EIO', 'short write'])('survives %s: nothing of it counts', async (fault) => {
    const store = await storage.open({ name: 's' });
    const other = await storage.open({ name: 'other' });
    await put(store, 'a', 'acknowledged');
    disk.breakWith(fault);
    const refused = { code: 'WRITE_FAILED', retryable: true, cause: { code: fault } };
    await expect(put(store, 'a', 'changed')).rejects.toMatchObject(refused);
    await expect(put(other, 'b', 'new')).rejects.toMatchObject(refused);
    expect([read(store, 'a'), read(other, 'b')]).toEqual(['acknowledged', undefined]);
    expect(await store.transaction((tx) => Buffer.from(tx.get(text('a')) ?? []).toString())).toBe(
      'acknowledged',
    );
    expect(store.figures()).toMatchObject({ entries: 1, bytes: 13, pendingBytes: 0 });
    disk.recover();
    await put(store, 'a', 'again');
    await restart();
    const after = await storage.open({ name: 's' });
    expect([read(after, 'a'), after.figures().bytes]).toEqual(['again', 6]);
  });

  it('fails what was built on what failed, and nothing else', async () => {
    const store = await storage.open({ name: 's' });
    const other = await storage.open({ name: 'other' });
    const release = disk.hold();
    disk.failNext('EIO');
    const failing = put(store, 'a', '1');
    await new Promise(setImmediate);
    const built = store.transaction((tx) => tx.put(text('b'), Buffer.from(tx.get(text('a')) ?? [])));
    const saw = store.transaction((tx) => tx.has(text('a')));
    const elsewhere = put(other, 'c', '1');
    release();
    const ends = await Promise.allSettled([failing, built, saw, elsewhere]);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled']);
    expect([...store.range()]).toEqual([]);
    await put(store, 'a', '2');
    expect([...store.range()]).toHaveLength(1);
    expect(store.figures()).toMatchObject({ entries: 1, bytes: 2 });
  });

  it('counts after a failure as if it had never been', async () => {
    const store = await storage.open({ name: 's', maxBytes: 10 });
    await put(store, 'k', '1234');
    disk.failNext('ENOSPC');
    await expect(put(store, 'l', '1234')).rejects.toThrow('no space left');
    await put(store, 'm', '1234');
    await expect(put(store, 'n', '1')).rejects.toMatchObject({ code: 'STORE_FULL' });
    await restart();
    expect((await storage.open({ name: 's' })).figures()).toMatchObject({ entries: 2, bytes: 10 });
  });

  describe('that acknowledges from memory', () => {
    it('does so at once, and writes soon', async () => {
      const store = await storage.open({ name: 's', durability: 'memory' });
      const release = disk.hold();
      await put(store, 'a', '1');
      expect(read(store, 'a')).toBe('1');
      expect(store.figures()).toMatchObject({ entries: 1, pendingBytes: 2, transactions: 1, commits: 0 });
      release();
      await restart();
      expect(read(await storage.open({ name: 's' }), 'a')).toBe('1');
    });

    it('keeps what could not be written, says so, and writes it when it can', async () => {
      const store = await storage.open({ name: 's', durability: 'memory' });
      disk.breakWith('ENOSPC');
      const told = new Promise<void>((resolve) => {
        warned = resolve;
      });
      await put(store, 'a', '1');
      await told;
      await put(store, 'a', '2');
      await put(store, 'b', '3');
      expect([read(store, 'a'), read(store, 'b')]).toEqual(['2', '3']);
      expect(warnings[0]).toMatch(/^the store s could not be written: ENOSPC.*; the message says/);
      disk.recover();
      await restart();
      const after = await storage.open({ name: 's' });
      expect([read(after, 'a'), read(after, 'b'), after.figures().entries]).toEqual(['2', '3', 2]);
    });

    it('does not claim to be closed in order when its last writes fail', async () => {
      const store = await storage.open({ name: 's', durability: 'memory' });
      disk.breakWith('EIO');
      await put(store, 'a', '1');
      await expect(store.close()).rejects.toMatchObject({ code: 'WRITE_FAILED' });
      expect(() => store.get(text('a'))).toThrow('has been closed');
      disk.recover();
    });
  });

  it.each<Durability>(['fsync', 'commit', 'memory'])(
    'opened for %s is there after a restart',
    async (durability) => {
      const store = await storage.open({ name: 's', durability });
      await Promise.all(
        Array.from({ length: 200 }, (_, n) =>
          store.transaction((tx) => tx.put(keyOf(n), Buffer.alloc(n, n))),
        ),
      );
      await restart();
      const after = await storage.open({ name: 's', durability });
      expect(after.figures()).toMatchObject({ entries: 200, bytes: 200 * 9 + (199 * 200) / 2 });
      for (let n = 0; n < 200; n++)
        expect(Buffer.from(after.get(keyOf(n)) ?? [])).toEqual(Buffer.alloc(n, n));
    },
  );

  it('refuses more when too much waits for the disk', async () => {
    const store = await storage.open({ name: 's', durability: 'memory' });
    const release = disk.hold();
    await put(store, 'a', 'x'.repeat(MAX_PENDING));
    await expect(put(store, 'b', '1')).rejects.toMatchObject({ code: 'STORE_BUSY', retryable: true });
    release();
    await store.close();
    const again = await storage.open({ name: 's' });
    await put(again, 'b', '1');
    expect(again.figures().entries).toBe(2);
  });
});
