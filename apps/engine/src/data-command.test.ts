import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { openStorage } from 'iii-storage/disk';
import { describe, expect, it } from 'vitest';
import { Folder } from './test-support.js';

const III = path.resolve(import.meta.dirname, '../bin/iii.js');

/** The `iii` command as it was built. */
describe('iii data', () => {
  it('backs up, verifies and restores what the configuration names', { timeout: 120_000 }, async () => {
    using folder = new Folder();
    const iii = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [III, 'data', ...args], {
        cwd: folder.path,
        encoding: 'utf8',
      });
      return { status, stdout, stderr };
    };
    writeFileSync(folder.file('config.yaml'), 'data_dir: kept\n');
    const storage = await openStorage({ directory: folder.file('kept') });
    const store = await storage.open({ name: 'iii-state.main' });
    await store.transaction((tx) => tx.put(Buffer.from('key'), Buffer.from('value')));
    expect(iii('backup', 'monday').stdout).toMatch(/^iii-state.main +1 +8 B$/m);
    expect(iii('restore', 'monday', '--force')).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/is in use by process \d+; stop that engine/) as unknown,
    });
    await storage.close();
    expect(iii('restore', 'monday')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('say --force') as unknown,
    });
    expect(iii('restore', 'monday', '--force').status).toBe(0);
    const { status, stdout } = iii('verify', '--json');
    expect([status, JSON.parse(stdout)]).toMatchObject([
      0,
      { problems: [], stores: [{ name: 'iii-state.main', entries: 1, bytes: 8 }] },
    ]);
    expect(iii('verify', '--config', 'missing.yaml').stderr).toContain('there is no configuration at');
  });
});
