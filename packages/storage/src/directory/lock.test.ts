import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OPEN_AND_STAY, TestProcess } from '../test-process.js';
import { temporaryDirectory } from '../test-support.js';
import { openStorage } from './directory-storage.js';

const [key, value] = [Buffer.from('key'), Buffer.from('value')];

/** Each test starts several processes, which takes its time on a machine that is busy. */
const PROCESSES_MS = 120_000;

describe('the lock of a data directory', { timeout: PROCESSES_MS }, () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

  beforeEach(async () => {
    directory = await temporaryDirectory();
  });
  afterEach(() => directory[Symbol.asyncDispose]());

  const open = () => openStorage({ directory: directory.path });

  it('keeps a second process out, and says which process has it', async () => {
    await using other = new TestProcess(directory.path, OPEN_AND_STAY);
    expect(await other.line()).toBe('opened');
    await expect(open()).rejects.toMatchObject({
      code: 'DIRECTORY_LOCKED',
      message: `${directory.path} is in use by process ${other.pid}`,
      retryable: true,
    });
  });

  it('is free as soon as its process is killed, whatever that was doing', async () => {
    for (let round = 0; round < 3; round++) {
      await using other = new TestProcess(
        directory.path,
        `${OPEN_AND_STAY}
        const store = await (await openStorage({ directory })).open({ name: 's' });
        for (let n = 0; ; n++) await store.transaction((tx) => tx.put(Buffer.from('n' + n % 100), Buffer.alloc(2_000)));`,
      );
      expect(await other.line()).toBe('opened');
      await other.kill();
      const storage = await open();
      await (await storage.open({ name: 'mine' })).transaction((tx) => tx.put(key, value));
      await storage.close();
    }
  });

  it('is given to one of several that start at once', async () => {
    const others = Array.from({ length: 3 }, () => new TestProcess(directory.path, OPEN_AND_STAY));
    const lines = await Promise.all(others.map((other) => other.line()));
    for (const other of others) await other.kill();
    expect(lines.filter((line) => line === 'opened')).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('DIRECTORY_LOCKED'))).toHaveLength(2);
  });

  it('is given up when the directory is closed', async () => {
    await (await open()).close();
    await using other = new TestProcess(directory.path, OPEN_AND_STAY);
    expect(await other.line()).toBe('opened');
  });
});

describe('a data directory within one process', { timeout: PROCESSES_MS }, () => {
  it('is shared by those who open it, and closed with the last one', async () => {
    await using directory = await temporaryDirectory();
    const open = () => openStorage({ directory: directory.path });
    const [one, two] = await Promise.all([open(), open()]);
    const store = await one.open({ name: 'a' });
    await store.transaction((tx) => tx.put(key, value));
    await expect(two.open({ name: 'a' })).rejects.toMatchObject({ code: 'STORE_OPEN' });
    await one.close();
    expect(Buffer.from((await two.open({ name: 'a' })).get(key) ?? [])).toEqual(value);
    await using other = new TestProcess(directory.path, OPEN_AND_STAY);
    expect(await other.line()).toMatch(/^DIRECTORY_LOCKED/);
    const closing = two.close();
    const three = await open();
    await closing;
    expect((await three.open({ name: 'a' })).has(key)).toBe(true);
    await three.close();
  });
});
