import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStorage } from '../directory/directory-storage.js';
import { keyOf } from '../key.js';
import { temporaryDirectory } from '../test-support.js';

const MEBIBYTE = 1024 ** 2;

/** Mounts a file system of 8 MiB; undefined where this process may not. */
function smallDisk(at: string): Disposable | undefined {
  mkdirSync(at, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', at], { stdio: 'pipe' });
  } catch {
    return undefined;
  }
  return { [Symbol.dispose]: () => execFileSync('umount', ['-l', at]) };
}

const permitted = await (async () => {
  await using directory = await temporaryDirectory();
  using disk = smallDisk(directory.path);
  return disk !== undefined;
})();

describe.skipIf(!permitted)('a disk that is really full (needs permission to mount one)', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let disk: Disposable;
  let filler: string;

  beforeEach(async () => {
    directory = await temporaryDirectory();
    disk = smallDisk(directory.path) as Disposable;
    filler = path.join(directory.path, 'filler');
  });
  afterEach(async () => {
    disk[Symbol.dispose]();
    await directory[Symbol.asyncDispose]();
  });

  const open = () => openStorage({ directory: path.join(directory.path, 'data') });

  /** Writes until there is no byte left. */
  function fill(): void {
    for (let size = MEBIBYTE; size >= 4096; size /= 2) {
      try {
        for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' });
      }
    }
  }

  it('refuses writes and serves reads, loses nothing, and takes writes again when there is space', async () => {
    await using storage = await open();
    const store = await storage.open({ name: 's' });
    const put = (n: number) => store.transaction((tx) => tx.put(keyOf(n), Buffer.alloc(64 * 1024, n)));
    await put(0);
    fill();
    const acknowledged = [0];
    let refused = 0;
    for (let n = 1; n < 200; n++) {
      await put(n).then(
        () => acknowledged.push(n),
        (error: unknown) => {
          refused++;
          expect(error).toMatchObject({
            code: 'WRITE_FAILED',
            message: expect.stringMatching(/no space left/) as unknown,
          });
        },
      );
    }
    expect(refused).toBeGreaterThan(150);
    for (const n of acknowledged) {
      expect(Buffer.compare(store.get(keyOf(n)) ?? Buffer.of(), Buffer.alloc(64 * 1024, n))).toBe(0);
    }
    expect(store.figures().entries).toBe(acknowledged.length);
    rmSync(filler);
    await put(200);
    expect(store.figures().entries).toBe(acknowledged.length + 1);
  });

  it('has room left for deleting, and for what that makes room for', async () => {
    await using storage = await open();
    const store = await storage.open({ name: 's' });
    for (let n = 0; n < 100; n++) await store.transaction((tx) => tx.put(keyOf(n), Buffer.alloc(8_000, n)));
    fill();
    for (let n = 0; n < 100; n++) await store.transaction((tx) => tx.delete(keyOf(n)));
    expect(store.figures()).toMatchObject({ entries: 0, bytes: 0 });
  });

  it('cannot be started on, and says why', async () => {
    fill();
    await expect(open()).rejects.toMatchObject({ code: 'DIRECTORY_UNUSABLE' });
    rmSync(filler);
    await (await open()).close();
    expect(statSync(path.join(directory.path, 'data', 'data.mdb')).size).toBeLessThan(3 * MEBIBYTE);
  });
});
