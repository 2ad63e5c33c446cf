import fc from 'fast-check';
import { rawFromText, textOfRaw } from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import type { Address, Item, StateAdapter } from './adapter.js';

const raw = rawFromText;

/** What was kept in a place that can be opened again. */
export interface Place extends AsyncDisposable {
  open(): Promise<StateAdapter>;
  /** The process ends without closing anything; what was acknowledged is there afterwards. Absent: nothing lasts. */
  crash?(): Promise<void>;
}

function at(scope: string, key: string): Address {
  return { scope, key };
}

async function put(
  adapter: StateAdapter,
  address: Address,
  text: string,
  expiresAt?: number,
): Promise<number> {
  return adapter.change([address], (draft) => draft.write(address, raw(text), expiresAt).version);
}

const remove = (adapter: StateAdapter, address: Address) =>
  adapter.change([address], (draft) => draft.delete(address));

async function valueAt(adapter: StateAdapter, address: Address): Promise<string | undefined> {
  const entry = await adapter.read(address);
  return entry && textOfRaw(entry.value);
}

async function listed(adapter: StateAdapter, scope: string): Promise<string[]> {
  const items: Item[] = [];
  await adapter.list(scope, (item) => items.push(item) > 0);
  return items.map(({ key, value }) => `${key}=${textOfRaw(value)}`);
}

async function scanned(adapter: StateAdapter, scope: string, prefix = '', after?: string): Promise<string[]> {
  const keys: string[] = [];
  await adapter.scan(scope, { prefix, after }, ({ key }) => keys.push(key) > 0);
  return keys;
}

const names = fc.string({ unit: fc.constantFrom('a', 'b', '\0', 'é', '😀', '"'), maxLength: 3 });

/** What every adapter does, wherever it keeps things. `place` makes a new, empty one. */
export function behavesAsAnAdapter(kind: string, place: () => Promise<Place>): void {
  describe(`a state adapter ${kind}`, () => {
    it('gives back the very text it was given', async () => {
      await using room = await place();
      const adapter = await room.open();
      for (const text of [
        'null',
        '9007199254740993',
        '{"b":1.0,"a":[]}',
        '"é😀"',
        `"${'x'.repeat(1_000_000)}"`,
      ]) {
        await put(adapter, at('s', 'k'), text);
        expect(await valueAt(adapter, at('s', 'k'))).toBe(text);
      }
      expect(await adapter.read(at('s', 'other'))).toBeUndefined();
      await adapter.close();
    });

    it('keeps apart what has other names, whatever they are', async () => {
      await using room = await place();
      const adapter = await room.open();
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(names, names)), async (addresses) => {
          const model = new Map<string, string>();
          for (const [index, [scope, key]] of addresses.entries()) {
            await put(adapter, at(scope, key), String(index));
            model.set(JSON.stringify([scope, key]), String(index));
          }
          for (const [name, value] of model) {
            const [scope = '', key = ''] = JSON.parse(name) as string[];
            expect(await valueAt(adapter, at(scope, key))).toBe(value);
          }
          const scopes = [...new Set(addresses.map(([scope]) => scope))];
          expect(await adapter.scopes()).toEqual(
            scopes.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
          );
          for (const [scope, key] of addresses) await remove(adapter, at(scope, key));
          expect(await adapter.scopes()).toEqual([]);
        }),
        { numRuns: 25 },
      );
      await adapter.close();
    });

    it('lists in the order keys were first written; one that was deleted goes to the end', async () => {
      await using room = await place();
      const adapter = await room.open();
      for (const key of ['c', 'a', '10', '2', 'b']) await put(adapter, at('s', key), '0');
      await put(adapter, at('s', 'c'), '1');
      await put(adapter, at('t', 'x'), '0');
      expect(await listed(adapter, 's')).toEqual(['c=1', 'a=0', '10=0', '2=0', 'b=0']);
      await remove(adapter, at('s', 'a'));
      await put(adapter, at('s', 'a'), '2');
      expect(await listed(adapter, 's')).toEqual(['c=1', '10=0', '2=0', 'b=0', 'a=2']);
      expect(await listed(adapter, 'nothing')).toEqual([]);
      await adapter.close();
    });

    it('scans by key, from a prefix, behind a key, and as far as it is asked to', async () => {
      await using room = await place();
      const adapter = await room.open();
      for (const key of ['b', 'a/2', 'é', '', 'a', 'a/1', 'a/10']) await put(adapter, at('s', key), '0');
      await put(adapter, at('t', 'a/0'), '0');
      expect(await scanned(adapter, 's')).toEqual(['', 'a', 'a/1', 'a/10', 'a/2', 'b', 'é']);
      expect(await scanned(adapter, 's', 'a/')).toEqual(['a/1', 'a/10', 'a/2']);
      expect(await scanned(adapter, 's', 'a/', 'a/1')).toEqual(['a/10', 'a/2']);
      expect(await scanned(adapter, 's', 'a/', 'a')).toEqual(['a/1', 'a/10', 'a/2']);
      expect(await scanned(adapter, 's', 'a/', 'a/11')).toEqual(['a/2']);
      expect(await scanned(adapter, 's', '', 'é')).toEqual([]);
      const first: string[] = [];
      await adapter.scan('s', { prefix: 'a', after: undefined }, ({ key }) => first.push(key) < 2);
      expect(first).toEqual(['a', 'a/1']);
      await adapter.close();
    });

    it('scans what a sorted list would give', async () => {
      await using room = await place();
      const adapter = await room.open();
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(names), names, fc.option(names), async (keys, prefix, after) => {
          for (const key of keys) await put(adapter, at('s', key), '0');
          const bytes = (text: string) => Buffer.from(text);
          const expected = keys
            .filter((key) => key.startsWith(prefix))
            .filter((key) => after === null || Buffer.compare(bytes(key), bytes(after)) > 0)
            .sort((a, b) => Buffer.compare(bytes(a), bytes(b)));
          expect(await scanned(adapter, 's', prefix, after ?? undefined)).toEqual(expected);
          for (const key of keys) await remove(adapter, at('s', key));
        }),
        { numRuns: 25 },
      );
      await adapter.close();
    });

    it('versions grow with every write of a key, also across its deletion', async () => {
      await using room = await place();
      const adapter = await room.open();
      const first = await put(adapter, at('s', 'k'), '1');
      const second = await put(adapter, at('s', 'k'), '1');
      await remove(adapter, at('s', 'k'));
      const third = await put(adapter, at('s', 'k'), '1');
      expect(first).toBeGreaterThan(0);
      expect(second).toBeGreaterThan(first);
      expect(third).toBeGreaterThan(second);
      expect((await adapter.read(at('s', 'k')))?.version).toBe(third);
      await adapter.close();
    });

    it('a change sees what it did, and several addresses change together or not at all', async () => {
      await using room = await place();
      const adapter = await room.open();
      const [a, b] = [at('s', 'a'), at('t', 'b')];
      const seen = await adapter.change([a, b], (draft) => {
        draft.write(a, raw('1'));
        draft.write(b, raw('2'));
        draft.delete(a);
        const gone = draft.read(a);
        draft.write(a, raw('3'));
        return [gone, textOfRaw(draft.read(a)?.value ?? raw('null'))];
      });
      expect(seen).toEqual([undefined, '3']);
      const undone = adapter.change([a, b], (draft) => {
        draft.write(a, raw('4'));
        draft.delete(b);
        throw new Error('no');
      });
      await expect(undone).rejects.toThrow('no');
      expect([await valueAt(adapter, a), await valueAt(adapter, b)]).toEqual(['3', '2']);
      expect(await listed(adapter, 's')).toEqual(['a=3']);
      await adapter.close();
    });

    it('loses no change of many that are made at once, and resolves them in order', async () => {
      await using room = await place();
      const adapter = await room.open();
      const address = at('s', 'n');
      const order: number[] = [];
      const add = () =>
        adapter
          .change([address], (draft) => {
            const count = Number(textOfRaw(draft.read(address)?.value ?? raw('0'))) + 1;
            draft.write(address, raw(String(count)));
            return count;
          })
          .then((count) => order.push(count));
      await Promise.all(Array.from({ length: 500 }, add));
      expect(order).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
      expect(await valueAt(adapter, address)).toBe('500');
      await adapter.close();
    });

    it('reads see the changes made before them, whether they are acknowledged or not', async () => {
      await using room = await place();
      const adapter = await room.open();
      const written = put(adapter, at('s', 'k'), '1');
      expect(await valueAt(adapter, at('s', 'k'))).toBe('1');
      const again = put(adapter, at('s', 'l'), '2');
      expect(await listed(adapter, 's')).toEqual(['k=1', 'l=2']);
      const third = put(adapter, at('t', 'm'), '3');
      expect(await adapter.scopes()).toEqual(['s', 't']);
      await Promise.all([written, again, third]);
      await adapter.close();
    });

    it('tells what expires, the first ones first, as it was set last', async () => {
      await using room = await place();
      const adapter = await room.open();
      const expiring = async () => {
        const found: string[] = [];
        await adapter.expiring(({ key, expiresAt }) => found.push(`${key}@${expiresAt}`) > 0);
        return found;
      };
      await put(adapter, at('s', 'late'), '1', 2_000);
      await put(adapter, at('s', 'early'), '1', 1_000);
      await put(adapter, at('s', 'same'), '1', 1_000);
      await put(adapter, at('s', 'never'), '1');
      expect(await expiring()).toEqual(['early@1000', 'same@1000', 'late@2000']);
      expect((await adapter.read(at('s', 'early')))?.expiresAt).toBe(1_000);
      await put(adapter, at('s', 'early'), '2', 3_000);
      await put(adapter, at('s', 'late'), '2');
      await remove(adapter, at('s', 'same'));
      expect(await expiring()).toEqual(['early@3000']);
      await adapter.close();
    });

    it('finishes what is on its way when it is closed, and takes nothing afterwards', async () => {
      await using room = await place();
      const adapter = await room.open();
      const written = put(adapter, at('s', 'k'), '1');
      await adapter.close();
      expect(await written).toBeGreaterThan(0);
      await expect(put(adapter, at('s', 'k'), '2')).rejects.toThrow('closed');
    });

    it('has everything that was acknowledged after a crash, in order, and no version twice', async () => {
      await using room = await place();
      const { crash } = room;
      if (crash === undefined) return;
      const before = await room.open();
      for (const key of ['c', 'a', 'b']) await put(before, at('s', key), '"kept"');
      const version = await put(before, at('s', 'a'), '"again"', 5_000);
      await crash.call(room);
      const adapter = await room.open();
      expect(await listed(adapter, 's')).toEqual(['c="kept"', 'a="again"', 'b="kept"']);
      expect(await adapter.read(at('s', 'a'))).toMatchObject({ version, expiresAt: 5_000 });
      expect(await put(adapter, at('s', 'new'), '1')).toBeGreaterThan(version);
      expect(await scanned(adapter, 's')).toEqual(['a', 'b', 'c', 'new']);
      await adapter.close();
    });
  });
}
