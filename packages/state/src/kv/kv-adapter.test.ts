import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rawFromText } from 'iii-protocol';
import { MemoryStorage, type Storage } from 'iii-storage';
import { openStorage } from 'iii-storage/disk';
import { describe, expect, it } from 'vitest';
import { behavesAsAnAdapter, type Place } from '../adapter.behaviour.js';
import { KvAdapter } from './kv-adapter.js';
import { decodeRecord, encodeRecord } from './record.js';

async function adapterOn(storage: Storage): Promise<KvAdapter> {
  return new KvAdapter(await storage.open({ name: 'state' }), 'kv');
}

behavesAsAnAdapter('in memory', async (): Promise<Place> => {
  const storage = new MemoryStorage();
  return { open: () => adapterOn(storage), [Symbol.asyncDispose]: () => storage.close() };
});

behavesAsAnAdapter('on disk', async (): Promise<Place> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'iii-state-'));
  const opened: Storage[] = [];
  let lives = 0;
  const home = () => path.join(directory, String(lives));
  return {
    open: async () => {
      const storage = await openStorage({ directory: home() });
      opened.push(storage);
      return adapterOn(storage);
    },
    // What its files are at this moment is what a process that is killed now would leave.
    crash: async () => {
      const left = home();
      lives++;
      await cp(left, home(), { recursive: true });
    },
    [Symbol.asyncDispose]: async () => {
      for (const storage of opened) await storage.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});

describe('a record', () => {
  const value = rawFromText('{"a":1}');

  it.each([undefined, 0, 1_800_000_000_000])('says what it was made of, expiring at %s', (expiresAt) => {
    const stored = { value, version: 2 ** 47, place: 3, expiresAt };
    const decoded = decodeRecord(encodeRecord(stored));
    expect({ ...decoded, value: Buffer.from(decoded.value).toString() }).toEqual({
      ...stored,
      value: '{"a":1}',
    });
  });

  it.each([[[]], [[1]], [[9, ...Array(30).fill(0)]], [[2, ...Array(14).fill(0)]]])('is not %j', (bytes) => {
    expect(() => decodeRecord(Uint8Array.from(bytes))).toThrow(RangeError);
  });
});
