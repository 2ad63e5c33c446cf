import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RoleProcess, type Usage } from './role-process.js';

const HERE = pathToFileURL(path.join(import.meta.dirname, 'role-process.ts')).href;
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'iii-bench-test-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

function start(code: string, profile?: { directory: string; name: string }): RoleProcess {
  const file = path.join(directory, `${code.length}.mts`);
  writeFileSync(file, code);
  return RoleProcess.start('subject', pathToFileURL(file), ['one', 'two'], profile);
}

const DOUBLES = `
  import { takeTasks, tellUsage } from ${JSON.stringify(HERE)};
  takeTasks(async ({ n }) => n * 2);
  tellUsage();
  process.send(process.argv.slice(2));
`;

describe('a process with a role', () => {
  it('gets its arguments, does what it is asked, and tells what it has used', async () => {
    const role = start(DOUBLES);
    try {
      expect(await role.report()).toEqual(['one', 'two']);
      expect(await role.ask({ n: 21 })).toBe(42);
      const { cpuMs, residentBytes }: Usage = await role.usage();
      expect(cpuMs).toBeGreaterThan(0);
      expect(residentBytes).toBeGreaterThan(1024 * 1024);
    } finally {
      await role.stop();
    }
    await expect(role.report()).rejects.toThrow('the subject ended early (SIGKILL)');
  });

  it('that ends instead of reporting is an error, with its status', async () => {
    const role = start('process.exit(3);');
    await expect(role.report()).rejects.toThrow('the subject ended early (status 3)');
    await role.stop();
  });

  it('leaves a profile under the name that was asked for, and nothing else', async () => {
    const profiles = path.join(directory, 'profiles');
    const role = start(DOUBLES, { directory: profiles, name: 'subject-1' });
    await role.report();
    await role.stop();
    expect(readdirSync(profiles)).toEqual(['subject-1.cpuprofile']);
  });
});
