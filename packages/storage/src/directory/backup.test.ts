import { copyFile, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyOf } from '../key.js';
import { OPEN_AND_STAY, TestProcess } from '../test-process.js';
import { temporaryDirectory } from '../test-support.js';
import { backupData, type DataProgress, restoreData, verifyData } from './backup.js';
import { openStorage } from './directory-storage.js';

const WRITING = `
  const store = await (await openStorage({ directory })).open({ name: 's' });
  for (let n = 0; ; n++) {
    await store.transaction((tx) => {
      tx.put(Buffer.from('a' + n % 100), Buffer.alloc(1_000, n));
      tx.put(Buffer.from('b' + n % 100), Buffer.alloc(1_000, n));
    });
    if (n === 60) say('writing');
  }`;

/** Each test starts several processes, which takes its time on a machine that is busy. */
const PROCESSES_MS = 120_000;

describe('a backup', { timeout: PROCESSES_MS }, () => {
  let root: Awaited<ReturnType<typeof temporaryDirectory>>;
  let data: string;
  let target: string;

  beforeEach(async () => {
    root = await temporaryDirectory();
    data = path.join(root.path, 'data');
    target = path.join(root.path, 'backups', 'one');
  });
  afterEach(() => root[Symbol.asyncDispose]());

  async function write(directory: string, count: number): Promise<void> {
    await using storage = await openStorage({ directory });
    const store = await storage.open({ name: 's' });
    await store.transaction((tx) => {
      for (let n = 0; n < count; n++) tx.put(keyOf(n), Buffer.alloc(100, n));
    });
  }

  async function count(directory: string): Promise<number> {
    await using storage = await openStorage({ directory });
    return (await storage.open({ name: 's' })).figures().entries;
  }

  it('has everything, and becomes data again', async () => {
    await write(data, 1_000);
    const report = await backupData(data, target);
    const stores = [{ name: 's', entries: 1_000, bytes: 109_000 }];
    expect(report).toEqual({
      file: path.join(target, 'data.mdb'),
      size: expect.any(Number) as unknown,
      stores,
    });
    expect(report.size).toBeLessThan((await stat(path.join(data, 'data.mdb'))).size);
    const elsewhere = path.join(root.path, 'restored');
    expect(await restoreData(target, elsewhere)).toMatchObject({ stores });
    expect(await count(elsewhere)).toBe(1_000);
    expect(await restoreData(report.file, path.join(root.path, 'from-file'))).toMatchObject({ stores });
  });

  it('of a running engine is of one moment, and does not stop it', async () => {
    await using engine = new TestProcess(data, WRITING);
    expect(await engine.line()).toBe('writing');
    for (let round = 0; round < 2; round++) {
      const { stores } = await backupData(data, target, { force: true });
      const [a, b] = ['a', 'b'];
      await using storage = await openStorage({ directory: target });
      const store = await storage.open({ name: 's' });
      expect(stores).toHaveLength(1);
      expect(store.figures().entries).toBeGreaterThanOrEqual(100);
      for (let n = 0; n < 100; n++) {
        expect(Buffer.from(store.get(Buffer.from(a + n)) ?? [])).toEqual(
          Buffer.from(store.get(Buffer.from(b + n)) ?? []),
        );
      }
    }
  });

  it('never takes the place of data unless it is told to', async () => {
    await write(data, 10);
    await backupData(data, target);
    await write(data, 20);
    await expect(backupData(data, target)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    await expect(restoreData(target, data)).rejects.toMatchObject({ code: 'TARGET_EXISTS' });
    await expect(backupData(data, data, { force: true })).rejects.toThrow('onto itself');
    expect([await count(target), await count(data)]).toEqual([10, 20]);
    await restoreData(target, data, { force: true });
    expect(await count(data)).toBe(10);
    expect((await readdir(data)).filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  it('is not restored into a directory that an engine uses', async () => {
    await write(data, 10);
    await backupData(data, target);
    await using engine = new TestProcess(data, OPEN_AND_STAY);
    expect(await engine.line()).toBe('opened');
    await expect(restoreData(target, data, { force: true })).rejects.toMatchObject({
      code: 'DIRECTORY_LOCKED',
    });
    expect((await verifyData(data)).stores).toMatchObject([{ entries: 10 }]);
  });

  it('that is damaged is refused, and what was there stays', async () => {
    await write(data, 2_000);
    const { file, size } = await backupData(data, target);
    await truncate(file, size - 5 * 4096);
    await expect(restoreData(target, data, { force: true })).rejects.toMatchObject({ code: 'NOT_A_BACKUP' });
    await truncate(file, 100);
    await expect(restoreData(target, data, { force: true })).rejects.toMatchObject({ code: 'NOT_A_BACKUP' });
    await writeFile(file, Buffer.alloc(8_192 * 4));
    await expect(restoreData(target, data, { force: true })).rejects.toMatchObject({ code: 'NOT_A_BACKUP' });
    expect(await count(data)).toBe(2_000);
  });

  it('of nothing is refused', async () => {
    await expect(backupData(data, target)).rejects.toMatchObject({ code: 'NO_DATA' });
    await expect(verifyData(root.path)).rejects.toThrow(`there is no data in ${root.path}`);
    expect(await readdir(root.path)).toEqual([]);
  });

  it('can be verified, and leaves nothing beside it', async () => {
    await write(data, 25_000);
    await backupData(data, target);
    const seen: DataProgress[] = [];
    const report = await verifyData(target, (progress) => seen.push(progress));
    expect(report).toMatchObject({ problems: [], usable: true, stores: [{ name: 's', entries: 25_000 }] });
    expect(seen).toEqual([
      { step: 'checking', entries: 10_000 },
      { step: 'checking', entries: 20_000 },
    ]);
    const alone = path.join(root.path, 'alone.mdb');
    await copyFile(path.join(target, 'data.mdb'), alone);
    expect(await verifyData(alone)).toMatchObject({ file: alone, problems: [] });
    expect((await readdir(root.path)).sort()).toEqual(['alone.mdb', 'backups', 'data']);
    await writeFile(alone, 'short');
    expect(await verifyData(alone)).toMatchObject({
      usable: false,
      problems: [expect.stringContaining('cut off')],
    });
  });
});
