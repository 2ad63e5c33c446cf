import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { open } from 'lmdb';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../test-support.js';
import { ENVIRONMENT_OPTIONS } from './environment.js';
import { Headroom, roomFor } from './headroom.js';
import { pagesOf } from './native.js';

const MEBIBYTE = 1024 ** 2;

describe('room on the disk', () => {
  it('is taken in steps, behind what there is, and not twice, nor where there is plenty', async () => {
    await using directory = await temporaryDirectory();
    const file = path.join(directory.path, 'file');
    writeFileSync(file, 'what there is');
    let free = 100 * MEBIBYTE;
    const headroom = new Headroom(file, async () => free);
    await headroom.ensure(20);
    expect(statSync(file).size).toBe(MEBIBYTE + 13);
    await headroom.ensure(MEBIBYTE);
    expect(statSync(file).size).toBe(MEBIBYTE + 13);
    headroom.ensureSync(MEBIBYTE + 14);
    const { size, blocks } = statSync(file);
    expect(size).toBe(2 * MEBIBYTE + 13);
    expect(blocks * 512).toBeGreaterThanOrEqual(size);
    free = 1024 * MEBIBYTE;
    await headroom.ensure(200 * MEBIBYTE);
    expect(statSync(file).size).toBe(size);
    await headroom.ensure(size + 257 * MEBIBYTE);
    expect(statSync(file).size).toBeGreaterThan(size + 256 * MEBIBYTE);
    headroom.close();
  });

  it('goes on behind what others have written meanwhile', async () => {
    await using directory = await temporaryDirectory();
    const file = path.join(directory.path, 'file');
    writeFileSync(file, 'first');
    const headroom = new Headroom(file, async () => 0);
    writeFileSync(file, 'first and second');
    await headroom.ensure(20);
    expect(readFileSync(file).toString('latin1', 0, 16)).toBe('first and second');
    headroom.ensureSync(2 * MEBIBYTE);
    expect(readFileSync(file).toString('latin1', 0, 16)).toBe('first and second');
    headroom.close();
  });

  it('is never less than LMDB takes', async () => {
    const entry = fc.record({
      key: fc.integer({ min: 0, max: 3_000 }),
      size: fc.integer({ min: 0, max: 12_000 }),
    });
    const small = fc.record({
      key: fc.integer({ min: 0, max: 3_000 }),
      size: fc.integer({ min: 0, max: 300 }),
    });
    const batch = fc.oneof(fc.array(entry, { maxLength: 50 }), fc.array(small, { maxLength: 400 }));
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 12 }), async (batches) => {
        await using directory = await temporaryDirectory();
        const root = open<Uint8Array, Uint8Array>({
          ...ENVIRONMENT_OPTIONS,
          path: path.join(directory.path, 'data.mdb'),
          noSync: true,
        });
        const database = root.openDB<Uint8Array, Uint8Array>({
          name: 's',
          encoding: 'binary',
          keyEncoding: 'binary',
        });
        for (const entries of batches) {
          const before = pagesOf(root);
          const bytes = entries.reduce((sum, { size }) => sum + size + 104, 0);
          database.transactionSync(() => {
            for (const { key, size } of entries) {
              database.putSync(Buffer.from(`${key}`.padEnd(100, '.')), Buffer.alloc(size + 4, 1));
            }
          });
          const taken = pagesOf(root).used - before.used;
          expect(taken).toBeLessThanOrEqual(roomFor(entries.length, bytes, before.used, before.bytes));
        }
        await root.close();
      }),
      { numRuns: 20 },
    );
  });
});
