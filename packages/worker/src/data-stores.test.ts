import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataStores, ownerOf } from './data-stores.js';

const [key, value] = [Buffer.from('key'), Buffer.from('value')];

describe('stores of a worker on disk', () => {
  let root: string;
  let directory: string;
  let opened: string[];

  beforeEach(() => {
    root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'iii-worker-')));
    directory = path.join(root, 'data');
    opened = [];
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const stores = (owner: string) =>
    dataStores({
      directory,
      owner,
      opened: (each) => opened.push(each),
      warn: (message) => expect.unreachable(message),
    });

  it('are there again after they were closed', async () => {
    const first = stores('iii-state');
    await (await first.open()).transaction((tx) => tx.put(key, value));
    await first.close();
    const second = stores('iii-state');
    expect(Buffer.from((await second.open()).get(key) ?? [])).toEqual(value);
    expect(opened).toEqual([directory, directory]);
    await second.close();
  });

  it('are each worker’s own, in one directory', async () => {
    const [state, stream] = [stores('iii-state'), stores('iii-stream')];
    await (await state.open({ name: 'a' })).transaction((tx) => tx.put(key, value));
    expect((await stream.open({ name: 'a' })).has(key)).toBe(false);
    expect((await state.open({ name: 'b' })).has(key)).toBe(false);
    await state.close();
    const again = await stream.open({ name: 'c' });
    await again.transaction((tx) => tx.put(key, value));
    expect(again.has(key)).toBe(true);
    await stream.close();
  });

  it('make no directory before they need one', async () => {
    const memory = stores('iii-state');
    const store = await memory.open({ location: 'memory' });
    await store.transaction((tx) => tx.put(key, value));
    expect([store.has(key), existsSync(directory), opened]).toEqual([true, false, []]);
    await memory.close();
  });

  it('may lie in another directory', async () => {
    const other = path.join(root, 'other');
    const both = stores('iii-state');
    const there = await both.open({ location: { directory: other }, durability: 'memory', maxBytes: 100 });
    expect([there.durability, there.figures().maxBytes, opened]).toEqual(['memory', 100, [other]]);
    await both.close();
  });

  it('can be asked for again after they could not be opened', async () => {
    const holder = stores('iii-state');
    await holder.open();
    const second = stores('iii-state');
    await expect(second.open()).rejects.toMatchObject({ code: 'STORE_OPEN' });
    await holder.close();
    await second.open();
    await second.close();
  });
});

describe('the owner of data', () => {
  it.each([
    ['iii-state', 'iii-state', 'iii-state'],
    ['iii-state', 'state', 'iii-state'],
    ['iii-state', 'state#2', 'iii-state#2'],
  ])('is of %s declared as %s: %s', (type, instance, owner) => {
    expect(ownerOf(type, instance)).toBe(owner);
  });
});
