import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys, keyOf, partsOf } from '../key.js';
import type { KeyRange, Reads } from '../store.js';
import { MemoryStorage } from './memory-storage.js';

const text = (value: string) => new TextEncoder().encode(value);
const shown = (reads: Reads, range?: KeyRange) =>
  [...reads.range(range)].map(([key, value]) => [...partsOf(key), Buffer.from(value).toString()]);

describe('a store in memory', () => {
  it('undoes a transaction that throws', async () => {
    await using storage = new MemoryStorage();
    const store = await storage.open({ name: 'orders' });
    await store.transaction((tx) => tx.put(keyOf('a'), text('1')));
    const failing = store.transaction((tx) => {
      tx.put(keyOf('a'), text('2'));
      tx.put(keyOf('b'), text('3'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(shown(store)).toEqual([['a', '1']]);
  });

  it('lets a transaction see what it wrote, in order', async () => {
    await using storage = new MemoryStorage();
    const store = await storage.open({ name: 'orders' });
    await store.transaction((tx) => {
      for (const n of [1, 3, 5]) tx.put(keyOf('n', n), text(`old ${n}`));
    });
    await store.transaction((tx) => {
      tx.put(keyOf('n', 2), text('new 2'));
      tx.delete(keyOf('n', 3));
      tx.put(keyOf('n', 5), text('new 5'));
      const all = [
        ['n', 1, 'old 1'],
        ['n', 2, 'new 2'],
        ['n', 5, 'new 5'],
      ];
      expect(shown(tx)).toEqual(all);
      expect(shown(tx, { reverse: true })).toEqual(all.toReversed());
      expect(shown(tx, { from: keyOf('n', 2), to: keyOf('n', 5) })).toEqual([['n', 2, 'new 2']]);
    });
  });

  it('reads ranges as a sorted list would', async () => {
    const bytes = fc.uint8Array({ maxLength: 3 });
    const range = fc.record({ from: bytes, to: bytes, reverse: fc.boolean() }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(
        fc.array(bytes),
        fc.array(bytes),
        range,
        async (kept, pending, { from, to, reverse }) => {
          await using storage = new MemoryStorage();
          const store = await storage.open({ name: 'n' });
          await store.transaction((tx) => {
            for (const key of kept) tx.put(key, key);
          });
          const expected = [...new Set([...kept, ...pending].map((key) => Buffer.from(key).toString('hex')))]
            .map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))
            .sort(compareKeys)
            .filter(
              (key) =>
                (from === undefined || compareKeys(key, from) >= 0) &&
                (to === undefined || compareKeys(key, to) < 0),
            );
          await store.transaction((tx) => {
            for (const key of pending) tx.put(key, key);
            const got = [...tx.range({ from, to, ...(reverse === undefined ? {} : { reverse }) })].map(
              ([key]) => key,
            );
            expect(got).toEqual(reverse ? expected.toReversed() : expected);
          });
        },
      ),
    );
  });

  it('counts what it holds, and refuses more than it may', async () => {
    await using storage = new MemoryStorage();
    const store = await storage.open({ name: 'small', maxBytes: 20 });
    await store.transaction((tx) => tx.put(text('key'), text('1234567')));
    await expect(store.transaction((tx) => tx.put(text('other'), text('1234567')))).rejects.toMatchObject({
      code: 'STORE_FULL',
      retryable: true,
    });
    await store.transaction((tx) => tx.put(text('key'), text('12')));
    expect(store.figures()).toMatchObject({ entries: 1, bytes: 5, maxBytes: 20, transactions: 2 });
    await store.transaction((tx) =>
      expect([tx.delete(text('key')), tx.delete(text('key'))]).toEqual([true, false]),
    );
    expect(store.figures()).toMatchObject({ entries: 0, bytes: 0 });
  });

  it('is opened once at a time, under a name that can be a name', async () => {
    await using storage = new MemoryStorage();
    const store = await storage.open({ name: 'one' });
    await expect(storage.open({ name: 'one' })).rejects.toMatchObject({ code: 'STORE_OPEN' });
    await expect(storage.open({ name: '../etc' })).rejects.toMatchObject({ code: 'INVALID_NAME' });
    await store.close();
    expect(() => store.get(text('k'))).toThrow('has been closed');
    await (await storage.open({ name: 'one' })).close();
  });

  it('refuses keys and values beyond its limits', async () => {
    await using storage = new MemoryStorage();
    const store = await storage.open({ name: 'limits' });
    const long = store.transaction((tx) => tx.put(new Uint8Array(2_000), text('')));
    await expect(long).rejects.toMatchObject({ code: 'KEY_TOO_LONG' });
  });
});
