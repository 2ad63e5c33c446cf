import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyOf } from '../key.js';
import { TestProcess } from '../test-process.js';
import { temporaryDirectory } from '../test-support.js';
import { openStorage } from './directory-storage.js';
import { inspect } from './inspect.js';
import { isDamage } from './inspection.js';

const ENTRIES = 2_000;

/** Everywhere: a page that is not in use any more may have it too. */
function damage(bytes: Buffer, text: string): void {
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text)) bytes.write('wrong', at);
}

/** Each test starts several processes, which takes its time on a machine that is busy. */
const PROCESSES_MS = 120_000;

describe('damaged data', { timeout: PROCESSES_MS }, () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let file: string;
  let warnings: string[];

  beforeEach(async () => {
    directory = await temporaryDirectory();
    file = path.join(directory.path, 'data.mdb');
    warnings = [];
    await using storage = await open();
    const store = await storage.open({ name: 's' });
    await store.transaction((tx) => {
      for (let n = 0; n < ENTRIES; n++) tx.put(keyOf(n), Buffer.from(`value ${n}`.padEnd(200, '.')));
    });
  });
  afterEach(() => directory[Symbol.asyncDispose]());

  const open = () => openStorage({ directory: directory.path, warn: (message) => warnings.push(message) });

  async function expectFreshStart(): Promise<void> {
    await using storage = await open();
    const store = await storage.open({ name: 's' });
    expect(store.figures()).toMatchObject({ entries: 0, bytes: 0 });
    await store.transaction((tx) => tx.put(keyOf(1), Buffer.from('new')));
    expect(warnings).toEqual([
      expect.stringMatching(/is damaged \(.*\): it has been moved to .*quarantine-/),
    ]);
    const [aside = ''] = (await readdir(directory.path)).filter((name) => name.startsWith('quarantine-'));
    const kept = path.join(directory.path, aside);
    expect((await stat(path.join(kept, 'data.mdb'))).size).toBeGreaterThan(0);
    expect(await readFile(path.join(kept, 'report.txt'), 'utf8')).not.toBe('');
  }

  it('that is no such file at all is put aside, with a report, and everything starts empty', async () => {
    await writeFile(file, Buffer.alloc(65_536, 'not a database '));
    await expectFreshStart();
  });

  it('that was cut off is put aside', async () => {
    await truncate(file, 3 * 4096);
    await expectFreshStart();
  });

  it('whose root points nowhere is put aside, though reading it may end a process', async () => {
    const bytes = await readFile(file);
    bytes.fill(0xee, 24 + 32, 24 + 180);
    bytes.fill(0xee, 4096 + 24 + 32, 4096 + 24 + 180);
    await writeFile(file, bytes);
    await truncate(file, bytes.length - 4096);
    await expectFreshStart();
  });

  it('of one value is told, costs nobody the others, and is never handed out', async () => {
    const bytes = await readFile(file);
    damage(bytes, 'value 1000.');
    await writeFile(file, bytes);
    await truncate(file, bytes.length - 4096);
    await using storage = await open();
    expect(warnings).toEqual([
      expect.stringMatching(
        /is used, and is not all as it was written: store s: key 0x01\w+ has a value that/,
      ),
    ]);
    const store = await storage.open({ name: 's' });
    expect(() => store.get(keyOf(1000))).toThrow('is not what was written');
    expect(Buffer.from(store.get(keyOf(1001)) ?? []).toString()).toMatch(/^value 1001\./);
    await expect(store.transaction((tx) => tx.get(keyOf(1000)))).rejects.toMatchObject({
      code: 'DATA_CORRUPT',
      retryable: false,
    });
    await store.transaction((tx) => tx.put(keyOf(1000), Buffer.from('mended')));
    expect(store.has(keyOf(1000))).toBe(true);
  });

  it('is told apart from whole data that was not closed in order', async () => {
    await using other = new TestProcess(
      directory.path,
      `const store = await (await openStorage({ directory })).open({ name: 's' });
       await store.transaction((tx) => tx.put(Buffer.from('extra'), Buffer.from('1')));
       say('written');`,
    );
    expect(await other.line()).toBe('written');
    await other.kill();
    await using storage = await open();
    expect((await storage.open({ name: 's' })).figures().entries).toBe(ENTRIES + 1);
    expect(warnings).toEqual([]);
  });

  it('is looked for entry by entry when asked to', async () => {
    const progress: number[] = [];
    const whole = await inspect(file, { progress: (entries) => progress.push(entries) });
    const store = { name: 's', entries: ENTRIES, bytes: ENTRIES * 209 };
    expect(whole).toEqual({ stores: [store], problems: [], usable: true, complete: true });
    const bytes = await readFile(file);
    for (let n = 1_000; n < 1_030; n++) damage(bytes, `value ${n}.`);
    await writeFile(file, bytes);
    const { problems } = await inspect(file);
    expect(problems).toHaveLength(11);
    expect(problems.at(-1)).toBe('store s: and 20 more');
  });

  it('is not said to be where it could not be looked at', async () => {
    const elsewhere = path.join(directory.path, 'missing', 'data.mdb');
    await expect(inspect(elsewhere)).rejects.toThrow('ENOENT');
    await writeFile(path.join(directory.path, 'lock.mdb'), 'damaged');
    await expect(open()).rejects.toThrow('cannot be locked: it is damaged; remove it');
    expect([
      isDamage(Object.assign(new Error('no memory'), { code: 12 })),
      isDamage({ code: 'EACCES' }),
    ]).toEqual([false, false]);
    expect([isDamage({ code: -30_796 }), isDamage(new RangeError('no totals'))]).toEqual([true, true]);
  });

  it('is not a file of another version of LMDB, which is left where it is', async () => {
    const bytes = await readFile(file);
    for (const page of [0, 4096]) bytes.writeUInt32LE(999, page + 28);
    await writeFile(file, bytes);
    await truncate(file, bytes.length - 4096);
    await expect(open()).rejects.toMatchObject({
      code: 'DIRECTORY_UNUSABLE',
      message: `${file}: it was written by another version of LMDB`,
    });
    expect((await readdir(directory.path)).filter((name) => name.startsWith('quarantine'))).toEqual([]);
    expect(await stat(file)).toMatchObject({ size: bytes.length - 4096 });
  });

  it('of a later version is left alone', async () => {
    await writeFile(path.join(directory.path, 'iii-data.json'), '{"format": 2}');
    await expect(open()).rejects.toMatchObject({
      code: 'DIRECTORY_UNUSABLE',
      message: expect.stringMatching(/has format 2, and this version knows 1/) as unknown,
    });
  });
});

describe('a data directory', () => {
  it.each([
    ['a file', async (at: string) => writeFile(at, '')],
    ['below a file', async (at: string) => writeFile(path.dirname(at), '')],
  ])('cannot be %s', async (_, make) => {
    await using directory = await temporaryDirectory();
    await mkdir(path.join(directory.path, 'up'));
    const at = path.join(directory.path, 'down', 'data');
    if (_ === 'a file') await mkdir(path.dirname(at));
    await make(at);
    await expect(openStorage({ directory: at })).rejects.toMatchObject({ code: 'DIRECTORY_UNUSABLE' });
  });

  it.skipIf(process.getuid?.() === 0)(
    'that may not be written is refused (root may write anything)',
    async () => {
      await using directory = await temporaryDirectory();
      const at = path.join(directory.path, 'data');
      await mkdir(at, { mode: 0o500 });
      await expect(openStorage({ directory: at })).rejects.toThrow('EACCES');
    },
  );
});
