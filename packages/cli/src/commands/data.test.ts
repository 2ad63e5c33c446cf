import { describe, expect, it } from 'vitest';
import type { DataCopy, DataHost } from '../host.js';
import { run, TERMINAL } from '../test-support.js';

const COPY: DataCopy = {
  file: '/backups/monday/data.mdb',
  size: 3_000_000,
  stores: [
    { name: 'iii-state.main', entries: 12_345, bytes: 2_000_000 },
    { name: 'iii-queue.main', entries: 1, bytes: 10 },
  ],
};

/** A host that notes what it is asked for. */
function host(calls: unknown[], more: Partial<DataHost> = {}): Partial<DataHost> {
  return {
    directoryOf: async (request) => {
      calls.push(request);
      return '/somewhere/data';
    },
    backup: async (directory, target, { force }) => {
      calls.push({ directory, target, force });
      return COPY;
    },
    restore: async (source, directory, { force }) => {
      calls.push({ source, directory, force });
      return COPY;
    },
    verify: async (source) => {
      calls.push({ source });
      return { file: source, stores: COPY.stores, problems: [] };
    },
    ...more,
  };
}

describe('iii data', () => {
  it('backs up the data of the configuration, and says what', async () => {
    const calls: unknown[] = [];
    const { status, stdout } = await run(['data', 'backup', 'monday'], { data: host(calls) });
    expect(calls).toEqual([
      { configPath: '/somewhere/config.yaml', isExplicit: false },
      { directory: '/somewhere/data', target: '/somewhere/monday', force: false },
    ]);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^STORE +ENTRIES +SIZE$/),
      expect.stringMatching(/^iii-state.main +12,?345 +1.9 MiB$/),
      expect.stringMatching(/^iii-queue.main +1 +10 B$/),
      '',
      '2 stores backed up to /backups/monday/data.mdb (2.9 MiB)',
      '',
    ]);
    expect(status).toBe(0);
  });

  it('takes another configuration, or another directory', async () => {
    const calls: unknown[] = [];
    await run(['data', 'backup', 'x', '--config', 'other.yaml', '--force'], { data: host(calls) });
    await run(['data', 'restore', '/x', '--data-dir', 'there'], { data: host(calls) });
    expect(calls).toEqual([
      { configPath: '/somewhere/other.yaml', isExplicit: true },
      { directory: '/somewhere/data', target: '/somewhere/x', force: true },
      { source: '/x', directory: '/somewhere/there', force: false },
    ]);
  });

  it('prints what machines read', async () => {
    for (const words of [
      ['backup', 'x'],
      ['restore', 'x'],
    ]) {
      const { stdout } = await run(['data', ...words, '--json'], { data: host([]) });
      expect(JSON.parse(stdout)).toEqual(COPY);
    }
    const { stdout } = await run(['data', 'verify', '/x', '--json'], { data: host([]) });
    expect(JSON.parse(stdout)).toEqual({ file: '/x', stores: COPY.stores, problems: [] });
  });

  it('verifies the data of the configuration, or a backup', async () => {
    const calls: unknown[] = [];
    const { status, stdout } = await run(['data', 'verify'], { data: host(calls) });
    expect([status, stdout]).toEqual([0, expect.stringContaining('/somewhere/data is as it was written.')]);
    await run(['data', 'verify', 'monday'], { data: host(calls) });
    expect(calls.slice(1)).toEqual([{ source: '/somewhere/data' }, { source: '/somewhere/monday' }]);
  });

  it('ends with 1 when something is damaged, and says what', async () => {
    const problems = ['store s: key 0x01 has a value that is not what was written'];
    const verify = async () => ({ file: '/x/data.mdb', stores: [], problems });
    const { status, stdout, stderr } = await run(['data', 'verify', '/x'], { data: host([], { verify }) });
    expect(stdout).toBe(`There are no stores.\ndamaged: ${problems[0]}\n`);
    expect(stderr).toContain('Error: /x/data.mdb is damaged. Check the disk.');
    expect(status).toBe(1);
  });

  it('says what went wrong, and what to do', async () => {
    const restore = async () => {
      throw Object.assign(new Error('/data is in use by process 7'), { hint: 'stop that engine' });
    };
    const { status, stderr } = await run(['data', 'restore', 'x'], { data: host([], { restore }) });
    expect([status, stderr]).toEqual([1, 'Error: /data is in use by process 7; stop that engine\n']);
  });

  it('shows a person how far it is, and nobody else', async () => {
    const backup: DataHost['backup'] = async (_, __, { progress }) => {
      progress({ step: 'copying', bytes: 1_048_576, of: 2_097_152 });
      progress({ step: 'checking', entries: 10_000 });
      return COPY;
    };
    const words = ['data', 'backup', 'x'];
    const shown = await run(words, { data: host([], { backup }), isTerminal: TERMINAL });
    expect(shown.stderr).toContain('copying: 1.0 MiB of at most 2.0 MiB');
    expect(shown.stderr).toMatch(/checking: 10,?000 entries.*\r.{1,5}$/s);
    expect((await run(words, { data: host([], { backup }) })).stderr).toBe('');
  });

  it('explains itself with examples', async () => {
    for (const word of ['backup', 'restore', 'verify']) {
      expect((await run(['data', word, '--help'])).stdout).toContain(`iii data ${word}`);
    }
    expect((await run(['data', 'backup'])).status).toBe(2);
    expect((await run(['data', '--help'])).stdout).toContain('Examples:');
  });
});
