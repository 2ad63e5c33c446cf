import fc from 'fast-check';
import { type RawJson, rawFromText, textOfRaw } from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import { StreamEvent } from '../event.js';
import type { StreamAdapter } from './adapter.js';

const raw = (value: unknown): RawJson => rawFromText(JSON.stringify(value));
const item = (itemId: string, groupId = 'g', streamName = 's') => ({ streamName, groupId, itemId });
const texts = (values: readonly RawJson[]) => values.map(textOfRaw);

/** What every adapter does, whatever it keeps streams in. `open` makes an empty one. */
export function adapterSuite(
  title: string,
  open: () => Promise<StreamAdapter>,
  { runs = 50 }: { readonly runs?: number } = {},
): void {
  const listed = async (adapter: StreamAdapter, groupId = 'g') =>
    texts((await adapter.list({ streamName: 's', groupId })).data);

  describe(`${title}, as an adapter of streams`, () => {
    it('tells what is not there from what is null', async () => {
      const adapter = await open();
      expect((await adapter.get(item('a'))).data).toBeUndefined();
      expect((await adapter.set(item('a'), raw(null))).oldValue).toBeUndefined();
      expect(texts([(await adapter.get(item('a'))).data ?? raw('nothing')])).toEqual(['null']);
      expect(textOfRaw((await adapter.set(item('a'), raw(1))).oldValue ?? raw('nothing'))).toBe('null');
      await adapter.close();
    });

    it('keeps the text of values as it is', async () => {
      const adapter = await open();
      const text = '{"b":18446744073709551615,"a":1.0,"__proto__":{"x":[ ]}}';
      await adapter.set(item('a'), rawFromText(text));
      expect(await listed(adapter)).toEqual([text]);
      await adapter.close();
    });

    it('lists items in the order they came to be: kept by a change, lost by a deletion', async () => {
      const adapter = await open();
      for (const id of ['c', 'a', '10', 'b', '2']) await adapter.set(item(id), raw(id));
      await adapter.set(item('c'), raw('C'));
      await adapter.delete(item('a'));
      await adapter.set(item('a'), raw('A'));
      expect(await listed(adapter)).toEqual(['"C"', '"10"', '"b"', '"2"', '"A"']);
      await adapter.close();
    });

    it('changes an item by what it was, and not at all when the change throws', async () => {
      const adapter = await open();
      const add = (old: RawJson | undefined) => raw(Number(textOfRaw(old ?? raw(0))) + 1);
      await Promise.all(Array.from({ length: 50 }, () => adapter.update(item('n'), add)));
      const failing = adapter.update(item('n'), () => {
        throw new Error('not today');
      });
      await expect(failing).rejects.toThrow('not today');
      expect(await listed(adapter)).toEqual(['50']);
      await adapter.close();
    });

    it('says what it has deleted, and nothing where there was nothing', async () => {
      const adapter = await open();
      expect(await adapter.delete(item('a'))).toEqual({ oldValue: undefined, version: undefined });
      await adapter.set(item('a'), raw(1));
      expect(textOfRaw((await adapter.delete(item('a'))).oldValue ?? raw('nothing'))).toBe('1');
      expect(await listed(adapter)).toEqual([]);
      await adapter.close();
    });

    it('knows a group for as long as it has an item, in byte order', async () => {
      const adapter = await open();
      for (const group of ['z', 'ä', 'b', 'a:b', '']) await adapter.set(item('1', group), raw(1));
      await adapter.set(item('2', 'b'), raw(1));
      await adapter.set(item('1', 'x', 'other'), raw(1));
      await adapter.delete(item('1', 'z'));
      await adapter.delete(item('1', 'b'));
      const groups = ['', 'a:b', 'b', 'ä'];
      expect(await adapter.listGroups('s')).toEqual(groups);
      expect(await adapter.listAll()).toEqual([
        { id: 'other', groups: ['x'] },
        { id: 's', groups },
      ]);
      expect(await adapter.listGroups('nobody')).toEqual([]);
      await adapter.close();
    });

    it('never takes one name for another', async () => {
      const name = fc.oneof(fc.constantFrom('', ':', 'a', 'a:', ':a', '\u0000', 'a\u0000'), fc.string());
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(fc.tuple(name, name, name), {
            selector: JSON.stringify,
            minLength: 1,
            maxLength: 8,
          }),
          async (addresses) => {
            const adapter = await open();
            for (const [index, [streamName, groupId, itemId]] of addresses.entries())
              await adapter.set({ streamName, groupId, itemId }, raw(index));
            for (const [index, [streamName, groupId, itemId]] of addresses.entries())
              expect(
                textOfRaw((await adapter.get({ streamName, groupId, itemId })).data ?? raw('nothing')),
              ).toBe(String(index));
            const known = new Set(
              (await adapter.listAll()).flatMap(({ id, groups }) =>
                groups.map((g) => JSON.stringify([id, g])),
              ),
            );
            expect(known).toEqual(new Set(addresses.map(([s, g]) => JSON.stringify([s, g]))));
            await adapter.close();
          },
        ),
        { numRuns: runs },
      );
    });

    it('numbers changes, so that a snapshot says which ones it contains', async () => {
      const adapter = await open();
      const first = await adapter.set(item('a'), raw(1));
      const snapshot = await adapter.list({ streamName: 's', groupId: 'g' });
      const second = await adapter.set(item('b'), raw(1));
      if (first.version === undefined) {
        expect([snapshot.version, second.version]).toEqual([undefined, undefined]);
      } else {
        expect(snapshot.version).toBeGreaterThanOrEqual(first.version);
        expect(second.version).toBeGreaterThan(snapshot.version ?? 0);
      }
      await adapter.close();
    });

    it('carries events to everyone who listens, in order', async () => {
      const adapter = await open();
      const seen: Array<string | null> = [];
      const stop = adapter.subscribe(({ id }) => seen.push(id));
      for (const id of ['1', '2', null])
        await adapter.publish(
          new StreamEvent({ streamName: 's', groupId: 'g' }, id, { type: 'create', data: raw(1) }, 0, 1),
        );
      stop();
      await adapter.publish(
        new StreamEvent({ streamName: 's', groupId: 'g' }, '3', { type: 'create', data: raw(1) }, 0, 1),
      );
      expect(seen).toEqual(['1', '2', null]);
      await adapter.close();
    });
  });
}
