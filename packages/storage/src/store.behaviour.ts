import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys, keyOf, partsOf, rangeOf } from './key.js';
import { STORAGE_LIMITS } from './limits.js';
import type { KeyRange, Reads, Storage, Store, Transaction } from './store.js';

const text = (value: string) => new TextEncoder().encode(value);
const shown = (reads: Reads, range?: KeyRange) =>
  [...reads.range(range)].map(([key, value]) => [...partsOf(key), Buffer.from(value).toString()]);
const keysOf = (reads: Reads, range: KeyRange) =>
  [...reads.range(range)].map(([key]) => Buffer.from(key).toString('hex'));

const bytes = fc.uint8Array({ minLength: 1, maxLength: 3 });
const anyRange = fc.record(
  { from: fc.uint8Array({ maxLength: 3 }), to: fc.uint8Array({ maxLength: 3 }), reverse: fc.boolean() },
  { requiredKeys: [] },
);

function clear(store: Store): Promise<void> {
  return store.transaction((tx) => {
    for (const [key] of [...tx.range()]) tx.delete(key);
  });
}

/** The keys a sorted list would give, in hexadecimal. */
function expectedKeys(keys: readonly Uint8Array[], { from, to, reverse }: KeyRange): string[] {
  const sorted = [...new Set(keys.map((key) => Buffer.from(key).toString('hex')))]
    .map((hex) => Buffer.from(hex, 'hex'))
    .sort(compareKeys)
    .filter((key) => from === undefined || compareKeys(key, from) >= 0)
    .filter((key) => to === undefined || compareKeys(key, to) < 0)
    .map((key) => key.toString('hex'));
  return reverse ? sorted.toReversed() : sorted;
}

/** What every store does, wherever it keeps things. */
export function behavesAsAStore(kind: string, fresh: () => Promise<Storage>): void {
  describe(`a store ${kind}`, () => {
    it('gives back exactly the bytes it was given', async () => {
      await using storage = await fresh();
      const store = await storage.open({ name: 'bytes' });
      const values = [text(''), new Uint8Array([0, 255, 0]), new Uint8Array(100_000).fill(7)];
      await store.transaction((tx) => {
        values.forEach((value, n) => {
          tx.put(keyOf(n), value);
        });
      });
      expect(values.map((_, n) => Buffer.from(store.get(keyOf(n)) ?? []))).toEqual(
        values.map((value) => Buffer.from(value)),
      );
      expect([store.get(keyOf(9)), store.has(keyOf(9)), store.has(keyOf(0))]).toEqual([
        undefined,
        false,
        true,
      ]);
    });

    it('tells how many bytes are under a key, as the transaction has made it so far', async () => {
      await using storage = await fresh();
      const store = await storage.open({ name: 'bytes' });
      await store.transaction((tx) => tx.put(text('a'), text('four')));
      const sizes = await store.transaction((tx) => {
        const before = [tx.size(text('a')), tx.size(text('b'))];
        tx.put(text('a'), text(''));
        tx.put(text('b'), text('six..!'));
        const after = [tx.size(text('a')), tx.size(text('b'))];
        tx.delete(text('b'));
        return [...before, ...after, tx.size(text('b'))];
      });
      expect(sizes).toEqual([4, undefined, 0, 6, undefined]);
    });

    it('keeps what was written even when the writer changes its bytes', async () => {
      await using storage = await fresh();
      const store = await storage.open({ name: 'bytes' });
      const [key, value] = [text('key'), text('value')];
      const written = store.transaction((tx) => tx.put(key, value));
      key.fill(0);
      value.fill(0);
      await written;
      expect(Buffer.from(store.get(text('key')) ?? []).toString()).toBe('value');
    });

    it('gives bytes that stay what they are', async () => {
      await using storage = await fresh();
      const store = await storage.open({ name: 'bytes' });
      await store.transaction((tx) => tx.put(text('a'), text('first')));
      const read = store.get(text('a'));
      const [ranged] = [...store.range()];
      await store.transaction((tx) => tx.put(text('a'), text('other')));
      await store.transaction((tx) => tx.put(text('b'), new Uint8Array(5_000)));
      for (const each of store.range()) void each;
      expect(Buffer.from(read ?? []).toString()).toBe('first');
      expect(Buffer.from(ranged?.[1] ?? []).toString()).toBe('first');
    });

    it('undoes a transaction that throws', async () => {
      await using storage = await fresh();
      const store = await storage.open({ name: 'orders' });
      await store.transaction((tx) => tx.put(keyOf('a'), text('1')));
      const failing = store.transaction((tx) => {
        tx.put(keyOf('a'), text('2'));
        tx.put(keyOf('b'), text('3'));
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect(shown(store)).toEqual([['a', '1']]);
      await store.transaction((tx) => expect(shown(tx)).toEqual([['a', '1']]));
      expect(store.figures()).toMatchObject({ entries: 1, pendingBytes: 0 });
    });

    it('runs a transaction at once, and shows it to the next one', async () => {
      await using storage = await fresh();
      const store = await storage.open({ name: 'count' });
      const add = () =>
        store.transaction((tx) => {
          const count = Number(Buffer.from(tx.get(text('n')) ?? []).toString()) + 1;
          tx.put(text('n'), text(String(count)));
          return count;
        });
      const counts = await Promise.all(Array.from({ length: 50 }, add));
      expect(counts).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
      expect(Buffer.from(store.get(text('n')) ?? []).toString()).toBe('50');
    });

    it('acknowledges transactions in the order they were made, those that only read included', async () => {
      await using storage = await fresh();
      const store = await storage.open({ name: 'order' });
      const order: number[] = [];
      const made = Array.from({ length: 20 }, (_, n) =>
        store
          .transaction((tx) => (n % 3 === 0 ? tx.has(keyOf(n)) : tx.put(keyOf(n), text('x'))))
          .then(() => order.push(n)),
      );
      await Promise.all(made);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    });

    it('refuses what is written after a transaction is over, and transactions within one', async () => {
      await using storage = await fresh();
      const store = await storage.open({ name: 's' });
      const late = store.transaction(async (tx) => {
        tx.put(text('a'), text('1'));
        await undefined;
        tx.put(text('b'), text('2'));
      });
      await expect(late).rejects.toMatchObject({ code: 'TRANSACTION_OVER' });
      let nested: Promise<void> | undefined;
      await store.transaction((tx) => {
        nested = store.transaction((inner) => inner.put(text('c'), text('3')));
        tx.put(text('d'), text('4'));
        return nested.catch(() => {});
      });
      await expect(nested).rejects.toMatchObject({ code: 'TRANSACTION_NESTED' });
      expect(store.figures()).toMatchObject({ entries: 2, bytes: 4, transactions: 2 });
    });

    it('lets a transaction see what it wrote, in order', async () => {
      await using storage = await fresh();
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
        expect(shown(tx, rangeOf('n'))).toEqual(all);
        expect(shown(tx, { reverse: true })).toEqual(all.toReversed());
        expect(shown(tx, { from: keyOf('n', 2), to: keyOf('n', 5) })).toEqual([['n', 2, 'new 2']]);
      });
    });

    it('reads ranges as a sorted list would', async () => {
      await using storage = await fresh();
      const store = await storage.open({ name: 'n', durability: 'memory' });
      await fc.assert(
        fc.asyncProperty(fc.array(bytes), fc.array(bytes), anyRange, async (kept, pending, range) => {
          await clear(store);
          await store.transaction((tx) => {
            for (const key of kept) tx.put(key, key);
          });
          await store.transaction((tx) => {
            for (const key of pending) tx.put(key, key);
            expect(keysOf(tx, range)).toEqual(expectedKeys([...kept, ...pending], range));
          });
          expect(keysOf(store, range)).toEqual(expectedKeys([...kept, ...pending], range));
        }),
      );
    });

    it('stops reading a range where its reader stops', async () => {
      await using storage = await fresh();
      const store = await storage.open({ name: 'n' });
      await store.transaction((tx) => {
        for (let n = 0; n < 100; n++) tx.put(keyOf(n), text('x'));
      });
      for (let round = 0; round < 300; round++) {
        for (const [key] of store.range({ from: keyOf(round % 50) })) {
          expect(partsOf(key)).toEqual([round % 50]);
          break;
        }
      }
    });

    it('counts what it holds, and refuses more than it may', async () => {
      await using storage = await fresh();
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
      expect(store.figures()).toMatchObject({ entries: 0, bytes: 0, pendingBytes: 0 });
    });

    it('counts as a list of its entries would', async () => {
      await using storage = await fresh();
      const store = await storage.open({ name: 'n', durability: 'memory' });
      const step = fc.record({ key: bytes, value: fc.option(fc.uint8Array({ maxLength: 5 })) });
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(step)), async (transactions) => {
          await clear(store);
          for (const steps of transactions) {
            await store.transaction((tx) => {
              for (const { key, value } of steps) {
                if (value === null) tx.delete(key);
                else tx.put(key, value);
              }
            });
          }
          const all = [...store.range()];
          expect(store.figures()).toMatchObject({
            entries: all.length,
            bytes: all.reduce((sum, [key, value]) => sum + key.length + value.length, 0),
          });
        }),
      );
    });

    it('takes back exactly what a transaction wrote that threw, whatever had been written before', async () => {
      await using storage = await fresh();
      const store = await storage.open({ name: 'n' });
      const step = fc.record({ key: bytes, value: fc.option(fc.uint8Array({ maxLength: 5 })) });
      const write = (tx: Transaction, steps: Array<{ key: Uint8Array; value: Uint8Array | null }>) => {
        for (const { key, value } of steps) {
          const before = tx.get(key);
          if (value === null && before !== undefined && before.length % 2 === 0) {
            tx.deleteKnown(key, before.length);
          } else if (value === null) tx.delete(key);
          else if (before !== undefined) tx.put(key, value);
          else tx.putNew(key, value);
        }
      };
      await fc.assert(
        fc.asyncProperty(fc.array(step), fc.array(step), async (kept, thrown) => {
          await clear(store);
          let before: unknown;
          // Not waited for, so that both belong to one commit.
          const written = store.transaction((tx) => {
            write(tx, kept);
            before = [...tx.range()];
          });
          const failed = store.transaction((tx) => {
            write(tx, thrown);
            throw new Error('no');
          });
          await expect(failed).rejects.toThrow('no');
          await store.transaction((tx) => expect([...tx.range()]).toEqual(before));
          await written;
          const all = [...store.range()];
          expect(all).toEqual(before);
          const sizes = all.map(([key, value]) => key.length + value.length);
          expect(store.figures()).toMatchObject({
            entries: all.length,
            bytes: sizes.reduce((a, b) => a + b, 0),
          });
        }),
        { numRuns: 30 },
      );
    });

    it('is opened once at a time, under a name that can be a name', async () => {
      await using storage = await fresh();
      const store = await storage.open({ name: 'one' });
      await expect(storage.open({ name: 'one' })).rejects.toMatchObject({ code: 'STORE_OPEN' });
      for (const name of ['../etc', '', 'a'.repeat(65)]) {
        await expect(storage.open({ name })).rejects.toMatchObject({ code: 'INVALID_NAME' });
      }
      await store.close();
      expect(() => store.get(text('k'))).toThrow('has been closed');
      await expect(store.transaction(() => {})).rejects.toMatchObject({ code: 'STORE_CLOSED' });
      await (await storage.open({ name: 'one' })).close();
    });

    it('acknowledges what is on its way when it is closed', async () => {
      await using storage = await fresh();
      const store = await storage.open({ name: 'one' });
      const written = store.transaction((tx) => tx.put(text('a'), text('1')));
      let isDone = false;
      void written.then(() => {
        isDone = true;
      });
      await store.close();
      expect(isDone).toBe(true);
    });

    it('refuses keys and values beyond its limits, and takes those within', async () => {
      await using storage = await fresh();
      const store = await storage.open({ name: 'limits' });
      const put = (key: Uint8Array, value: Uint8Array) => store.transaction((tx) => tx.put(key, value));
      const longest = new Uint8Array(STORAGE_LIMITS.keyBytes).fill(9);
      const tooLong = new Uint8Array(STORAGE_LIMITS.keyBytes + 1).fill(9);
      await expect(put(tooLong, text(''))).rejects.toMatchObject({ code: 'KEY_TOO_LONG' });
      await expect(put(text(''), text(''))).rejects.toMatchObject({ code: 'INVALID_KEY' });
      const huge = new Uint8Array(STORAGE_LIMITS.valueBytes + 1);
      await expect(put(text('k'), huge)).rejects.toMatchObject({ code: 'VALUE_TOO_LARGE' });
      await put(longest, text('there'));
      expect([store.has(longest), store.has(tooLong), store.get(text(''))]).toEqual([true, false, undefined]);
      expect([...store.range({ from: tooLong })]).toHaveLength(0);
      expect([...store.range({ to: tooLong })]).toHaveLength(1);
      expect([...store.range({ to: tooLong, reverse: true })]).toHaveLength(1);
      expect([...store.range({ from: tooLong, reverse: true })]).toHaveLength(0);
    });
  });
}
