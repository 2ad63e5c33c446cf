import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStorage } from '../directory/directory-storage.js';
import { keyOf } from '../key.js';
import { MemoryStorage } from '../memory/memory-storage.js';
import { temporaryDirectory } from '../test-support.js';
import { crashCycles, seededRandom } from './crash-cycles.js';
import { crashStorage } from './crash-storage.js';
import { checkSteps, takeStep } from './crash-work.js';

const CYCLES = 50;

describe('a store whose process is killed', () => {
  it(`${CYCLES} times over has all that was acknowledged, whole, and nothing by halves`, {
    timeout: 240_000,
  }, async () => {
    await using directory = await temporaryDirectory();
    const seed = Date.now() % 2 ** 32;
    const result = await crashStorage({ directory: directory.path, cycles: CYCLES, seed });
    expect(result.kills, `seed ${seed}`).toBe(CYCLES);
    expect(result.acknowledged, `seed ${seed}`).toBeGreaterThan(CYCLES);
  });
});

describe('the look at what is left', () => {
  const withSteps = async () => {
    const store = await new MemoryStorage().open({ name: 's' });
    for (let step = 0; step < 25; step++) await takeStep(store, 0);
    return store;
  };

  it('is content with what was acknowledged, and with one step more', async () => {
    const store = await withSteps();
    checkSteps(store, [25]);
    checkSteps(store, [24]);
  });

  it.each([
    ['an acknowledged step is missing', [26], () => {}],
    ['there are steps nobody took', [23], () => {}],
    [
      'a part is missing',
      [25],
      (store: Awaited<ReturnType<typeof withSteps>>) =>
        store.transaction((tx) => tx.delete(keyOf('part', 0, 24, 3))),
    ],
    [
      'a part is another',
      [25],
      (store: Awaited<ReturnType<typeof withSteps>>) =>
        store.transaction((tx) => tx.put(keyOf('part', 0, 24, 3), Buffer.from('?'))),
    ],
    [
      'a short part is of another step',
      [25],
      (store: Awaited<ReturnType<typeof withSteps>>) =>
        store.transaction((tx) => tx.put(keyOf('short', 0, 3), Buffer.from('24'))),
    ],
    [
      'something is there that should not be',
      [25],
      (store: Awaited<ReturnType<typeof withSteps>>) =>
        store.transaction((tx) => tx.put(keyOf('part', 0, 26, 3), Buffer.from('?'))),
    ],
  ])('is not content when %s', async (_, acknowledged, spoil) => {
    const store = await withSteps();
    await spoil(store);
    expect(() => checkSteps(store, acknowledged)).toThrow();
  });

  it('notices acknowledgements that came before the disk had it', { timeout: 60_000 }, async () => {
    await using directory = await temporaryDirectory();
    const program = path.join(directory.path, 'liar.mjs');
    const door = path.join(import.meta.dirname, '../../dist/disk.js');
    await writeFile(
      program,
      `import { openStorage } from ${JSON.stringify(door)};
       const storage = await openStorage({ directory: ${JSON.stringify(path.join(directory.path, 'data'))} });
       const store = await storage.open({ name: 's', durability: 'memory' });
       for (let n = 1; ; n++) {
         await store.transaction((tx) => tx.put(Buffer.from('n'), Buffer.from(String(n))));
         process.stdout.write(n + '\\n');
         if (n % 50 === 0) await new Promise(setImmediate);
       }`,
    );
    let told = 0;
    const lies = crashCycles({
      cycles: 10,
      program,
      args: [],
      random: seededRandom(1),
      heard: (line) => {
        told = Number(line);
      },
      check: async () => {
        await using storage = await openStorage({ directory: path.join(directory.path, 'data') });
        const store = await storage.open({ name: 's' });
        const there = Number(Buffer.from(store.get(Buffer.from('n')) ?? []).toString());
        if (there < told) throw new Error(`${told} was acknowledged, and ${there} is there`);
      },
    });
    await expect(lies).rejects.toThrow(/was acknowledged, and \d+ is there/);
  });

  it('is told when the program fails by itself', async () => {
    await using directory = await temporaryDirectory();
    const program = path.join(directory.path, 'broken.mjs');
    await writeFile(program, `console.log('ready'); throw new Error('broken');`);
    const broken = crashCycles({
      cycles: 20,
      program,
      args: [],
      random: () => 0.99,
      mostLines: 1_000,
      heard: () => {},
      check: async () => {},
    });
    await expect(broken).rejects.toThrow(/ended by itself \(exit status 1\): [\s\S]*broken/);
  });
});
