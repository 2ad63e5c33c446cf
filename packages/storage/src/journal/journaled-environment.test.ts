import { existsSync } from 'node:fs';
import { readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backupData, restoreData, verifyData } from '../directory/backup.js';
import { openStorage } from '../directory/directory-storage.js';
import { dataFile, journalFiles } from '../directory/layout.js';
import { textOf } from '../key-text.js';
import { LmdbEnvironment } from '../lmdb/environment.js';
import type { Durability } from '../store.js';
import { TestProcess } from '../test-process.js';
import { temporaryDirectory } from '../test-support.js';
import { JournaledEnvironment } from './journaled-environment.js';
import { readJournals, recover } from './recovery.js';

const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

describe('a journal before the data', () => {
  let root: Awaited<ReturnType<typeof temporaryDirectory>>;
  let directory: string;
  let warnings: string[];

  beforeEach(async () => {
    root = await temporaryDirectory();
    directory = path.join(root.path, 'data');
    warnings = [];
  });
  afterEach(() => root[Symbol.asyncDispose]());

  const open = (journalBytes?: number) =>
    openStorage({
      directory,
      warn: (message) => warnings.push(message),
      ...(journalBytes === undefined ? {} : { journalBytes }),
    });

  /** A process that has written 20 values, and is gone in the middle of its work. */
  async function killed(durability: Durability = 'fsync'): Promise<void> {
    await using writer = new TestProcess(
      directory,
      `const storage = await openStorage({ directory });
       const store = await storage.open({ name: 's', durability: '${durability}' });
       for (let n = 0; n < 20; n++) {
         await store.transaction((tx) => tx.put(Buffer.from('k' + n), Buffer.from('value ' + n)));
       }
       say('written');`,
    );
    expect(await writer.line()).toBe('written');
    await writer.kill();
  }

  async function keys(of: string): Promise<(string | undefined)[]> {
    await using storage = await openStorage({ directory: of, warn: (message) => warnings.push(message) });
    const store = await storage.open({ name: 's' });
    expect(store.figures().entries).toBe([...store.range()].length);
    return [...store.range()].map(([key]) => text(key));
  }

  it('is read before the data, in order, whatever the data has taken over by then', async () => {
    await using storage = await open(4_096);
    const store = await storage.open({ name: 's' });
    const expected = new Map<string, string>();
    for (let n = 0; n < 300; n++) {
      const [key, value] = [`k${(n * 7) % 40}`, `${n}`.padEnd(n % 200, '.')];
      await store.transaction((tx) =>
        n % 5 === 4 ? tx.delete(Buffer.from(key)) : tx.put(Buffer.from(key), Buffer.from(value)),
      );
      if (n % 5 === 4) expected.delete(key);
      else expected.set(key, value);
      expect([...store.range()].map(([k, v]) => [text(k), text(v)])).toEqual(
        [...expected].sort(([a], [b]) => (a < b ? -1 : 1)),
      );
      expect(store.figures().entries).toBe(expected.size);
    }
    expect(warnings).toEqual([]);
  });

  it('takes what is larger than itself as well, between what is not', async () => {
    {
      await using storage = await open(4_096);
      const store = await storage.open({ name: 's' });
      await store.transaction((tx) => tx.put(Buffer.from('a'), Buffer.from('1')));
      await store.transaction((tx) => tx.put(Buffer.from('b'), Buffer.alloc(50_000, 'b')));
      await store.transaction((tx) => tx.put(Buffer.from('a'), Buffer.from('2')));
      expect([text(store.get(Buffer.from('a'))), store.get(Buffer.from('b'))?.length]).toEqual(['2', 50_000]);
    }
    expect(await keys(directory)).toEqual(['a', 'b']);
  });

  it('is worked into the data after many writes, however small', async () => {
    await using storage = await open();
    const store = await storage.open({ name: 's' });
    await store.transaction((tx) => {
      for (let n = 0; n < 60_000; n++) tx.put(Buffer.from(`k${n}`), Buffer.from('1'));
    });
    const [, second] = journalFiles(directory);
    expect((await stat(second)).size).toBe(0);
    // With this one the epoch ends.
    await store.transaction((tx) => tx.put(Buffer.from('k0'), Buffer.from('2')));
    expect((await stat(second)).size).toBe(0);
    await store.transaction((tx) => tx.put(Buffer.from('k1'), Buffer.from('1')));
    expect((await stat(second)).size).toBeGreaterThan(0);
    expect([text(store.get(Buffer.from('k0'))), store.figures().entries]).toEqual(['2', 60_000]);
  });

  it('is not when it is the same keys that are written to again and again', async () => {
    await using storage = await open();
    const store = await storage.open({ name: 's' });
    for (let round = 0; round < 60; round++) {
      await store.transaction((tx) => {
        for (let n = 0; n < 1_000; n++) tx.put(Buffer.from(`k${n}`), Buffer.from(String(round)));
      });
    }
    const [, second] = journalFiles(directory);
    expect((await stat(second)).size).toBe(0);
    expect([text(store.get(Buffer.from('k7'))), store.figures().entries]).toEqual(['59', 1_000]);
  });

  it('goes on while the data takes something over, up to a bound', async () => {
    await (await open()).close();
    const data = new LmdbEnvironment(dataFile(directory));
    const commit = data.commit.bind(data);
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const done: string[] = [];
    vi.spyOn(data, 'commit').mockImplementation(async (...parts) => {
      await held;
      await commit(...parts);
      done.push('taken over');
    });
    const mark = await data.mark();
    const environment = new JournaledEnvironment(data, {
      files: journalFiles(directory),
      maxBytes: 16 * 1024 * 1024,
      mark,
      warn: (message) => warnings.push(message),
    });
    await environment.openStore('s');
    let keys = 0;
    const write = (count: number) => {
      const writes = Array.from(
        { length: count },
        () => [textOf(Buffer.from(`k${keys++}`)), Buffer.from('1')] as const,
      );
      const totals = { entries: keys, bytes: keys };
      return environment.commit([
        { store: 's', durability: 'fsync', entries: count, bytes: count, writes, totals },
      ]);
    };
    // The second of these ends an epoch, and the data file keeps at it.
    await write(2_001);
    for (let n = 0; n < 11; n++) await write(1_001);
    expect(done).toEqual([]);
    // What there is for whoever comes after this process, were it killed now.
    const left = recover(readJournals(journalFiles(directory)), mark);
    expect([left.changes[0]?.writes.length, left.epoch, left.problems]).toEqual([keys, mark.applied + 2, []]);
    const written = write(1).then(() => done.push('written'));
    release();
    await written;
    expect(done.slice(0, 2)).toEqual(['taken over', 'written']);
    const { disk } = await environment.openStore('s');
    expect([...disk.range()]).toHaveLength(keys);
    expect([await environment.close(), warnings]).toEqual([true, []]);
    await data.close();
  });

  it('is gone when the data was closed in order', async () => {
    await (await open()).close();
    expect((await readdir(directory)).filter((name) => name.startsWith('journal'))).toEqual([]);
  });

  it.each<Durability>(['fsync', 'commit'])(
    'keeps what was acknowledged for %s when the process is killed',
    async (durability) => {
      await killed(durability);
      expect(await keys(directory)).toHaveLength(20);
      expect(warnings).toEqual([]);
    },
  );

  it('belongs to a backup, to what is verified, and to what is restored', async () => {
    await killed();
    expect(journalFiles(directory).some((file) => existsSync(file))).toBe(true);
    expect((await verifyData(directory)).problems).toEqual([]);
    const target = path.join(root.path, 'backup');
    expect((await backupData(directory, target)).stores).toMatchObject([{ name: 's', entries: 20 }]);
    expect((await readdir(target)).filter((name) => /journal|new/.test(name))).toEqual([]);
    const restored = path.join(root.path, 'restored');
    await restoreData(directory, restored);
    expect(await keys(restored)).toHaveLength(20);
    await restoreData(target, directory, { force: true });
    expect(await keys(directory)).toHaveLength(20);
    expect(warnings).toEqual([]);
  });

  it('that is damaged is said, and put aside, and what was before the damage counts', async () => {
    await killed();
    const [file] = journalFiles(directory);
    const bytes = await readFile(file);
    bytes[bytes.indexOf('value 10')] = 0;
    await writeFile(file, bytes);
    expect((await verifyData(directory)).problems).toEqual([
      expect.stringMatching(/journal is damaged .* 9 of its later/),
    ]);
    await expect(backupData(directory, path.join(root.path, 'backup'))).rejects.toMatchObject({
      code: 'COPY_FAILED',
    });
    expect(await keys(directory)).toHaveLength(10);
    expect(warnings).toEqual([
      expect.stringMatching(/is not all as it was written .* moved to .*quarantine-/),
    ]);
  });

  it('of other data is not mixed with this', async () => {
    await killed();
    for (const name of ['data.mdb', 'data.mdb-lock']) await writeFile(path.join(directory, name), '');
    expect(await keys(directory)).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('the journal belongs to other data')]);
  });

  it.skipIf(!existsSync('/dev/full'))(
    'that cannot be written is passed by (needs a file that is always full)',
    async () => {
      await (await open()).close();
      const full = journalFiles(directory);
      for (const file of full) await symlink('/dev/full', file);
      const data = new LmdbEnvironment(dataFile(directory));
      const environment = new JournaledEnvironment(data, {
        files: full,
        maxBytes: 4_096,
        mark: await data.mark(),
        warn: (message) => warnings.push(message),
      });
      await environment.openStore('s');
      for (const key of ['a', 'b']) {
        await environment.commit([
          {
            ...{ store: 's', durability: 'fsync', entries: 1, bytes: 2 },
            writes: [[textOf(Buffer.from(key)), Buffer.from('1')]],
            totals: { entries: 1, bytes: 2 },
          },
        ]);
      }
      const { disk } = await environment.openStore('s');
      expect([...disk.range()].map(([key]) => key)).toEqual(['a', 'b']);
      expect(warnings).toEqual([
        expect.stringMatching(/^the journal could not be written, and is passed by: ENOSPC/),
      ]);
      expect(await environment.close()).toBe(true);
      await data.close();
    },
  );
});
