import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigFileError } from './config-file-error.js';
import { AbortedError, loadPlan } from './load.js';

describe('finding a configuration', () => {
  let directory: string;
  let told: string[];

  beforeEach(() => {
    directory = mkdtempSync(path.join(os.tmpdir(), 'load-'));
    told = [];
  });

  afterEach(() => {
    chmodSync(directory, 0o755);
    rmSync(directory, { recursive: true });
  });

  const load = (file: string, answer?: string) =>
    loadPlan(file, {
      env: {},
      version: '1',
      tell: (line) => void told.push(line),
      ...(answer === undefined ? {} : { ask: async () => answer }),
    });

  it('reads the file that is there', async () => {
    const file = path.join(directory, 'config.yaml');
    writeFileSync(file, 'shutdown_grace_ms: 7\n');
    expect((await load(file)).plan.root.shutdown_grace_ms).toBe(7);
    expect((await load(file)).text).toBe('shutdown_grace_ms: 7\n');
    expect(told).toEqual([]);
  });

  it('makes one where there is none and nobody to ask, and says so', async () => {
    const file = path.join(directory, 'config.yaml');
    expect((await load(file)).plan.workers).toEqual([]);
    expect(readFileSync(file, 'utf8')).toMatch(/^# .*\n# .*\n# .*\nworkers: \[\]\n$/);
    expect(told).toEqual([`Created ${file}. Add workers to its list, for instance iii-http.`]);
    await load(file);
    expect(told).toHaveLength(1);
  });

  it.each(['', 'y', 'YES', ' Yes '])('makes one when the answer is %j', async (answer) => {
    const file = path.join(directory, 'config.yaml');
    await load(file, answer);
    expect(readFileSync(file, 'utf8')).toContain('workers: []');
  });

  it.each(['n', 'no', 'what?'])('does not when it is %j', async (answer) => {
    const file = path.join(directory, 'config.yaml');
    await expect(load(file, answer)).rejects.toThrow(AbortedError);
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });

  it('names a path that cannot be', async () => {
    await expect(load(path.join(directory, 'no', 'such', 'config.yaml'))).rejects.toThrow(ConfigFileError);
    await expect(load(directory)).rejects.toThrow(/cannot be read: .*EISDIR/);
  });

  it.skipIf(process.getuid?.() === 0)(
    'runs with an empty one where none can be written (skipped for root, who can write anywhere)',
    async () => {
      chmodSync(directory, 0o555);
      expect(await load(path.join(directory, 'config.yaml'))).toMatchObject({
        plan: { workers: [] },
        text: undefined,
      });
      expect(told[0]).toContain('cannot be written');
    },
  );
});
