import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ask, Folder } from './test-support.js';

const III = path.resolve(import.meta.dirname, '../bin/iii.js');

const config = (origin: string) => `health: { port: 0 }
workers:
  - { name: iii-worker-manager, config: { port: 0 } }
  - name: iii-http
    config: { port: 0, cors: { allowed_origins: [${origin}] } }
`;

/** The `iii` command as it was built, in a process of its own. */
describe('the iii command', () => {
  let folder: Folder;
  let child: ChildProcess;
  let lines: string[];

  beforeEach(async () => {
    folder = new Folder();
    lines = [];
    writeFileSync(folder.file('config.yaml'), config('http://one.com'));
    child = spawn(process.execPath, [III, '-c', 'config.yaml'], {
      cwd: folder.path,
      env: { ...process.env, III_LISTENER: 'node', III_LOG_FORMAT: 'text', III_LOG_LEVEL: 'info' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (child.stderr !== null)
      createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
    await said(/ ready: /);
  });

  afterEach(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    folder[Symbol.dispose]();
  });

  async function said(pattern: RegExp, times = 1): Promise<void> {
    const count = () => lines.filter((line) => pattern.test(line)).length;
    await vi.waitUntil(() => count() >= times || child.exitCode !== null, { timeout: 15_000 });
    expect(lines.join('\n')).toMatch(pattern);
  }

  const addressOf = (pattern: RegExp) => pattern.exec(lines.join('\n'))?.[1] ?? 'nowhere';

  async function allowedOrigin(origin: string): Promise<unknown> {
    const reply = await ask(addressOf(/http on http:\/\/(\S+)/), '/', { headers: { origin } });
    return reply.headers['access-control-allow-origin'];
  }

  it('reloads on SIGHUP, tells probes what it could not use, and ends with 0 on SIGTERM', async () => {
    expect(await allowedOrigin('http://two.com')).toBeUndefined();
    writeFileSync(folder.file('config.yaml'), config('http://two.com'));
    child.kill('SIGHUP');
    await said(/reload: success/);
    expect(await allowedOrigin('http://two.com')).toBe('http://two.com');
    writeFileSync(folder.file('config.yaml'), 'workers: [\n');
    child.kill('SIGHUP');
    await said(/ERROR.*reload: refused.*config\.yaml:2:1: /);
    const health = addressOf(/health on http:\/\/(\S+)/);
    expect(await ask(health, '/readyz')).toMatchObject({ status: 503 });
    expect(await ask(health, '/healthz')).toMatchObject({ status: 200 });
    expect(await allowedOrigin('http://two.com')).toBe('http://two.com');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('reloads by itself when the file is saved', async () => {
    writeFileSync(folder.file('config.yaml.new'), config('http://two.com'));
    renameSync(folder.file('config.yaml.new'), folder.file('config.yaml'));
    await said(/reload: success/);
    expect(await allowedOrigin('http://two.com')).toBe('http://two.com');
    expect(lines.join('\n')).not.toMatch(/WARN|ERROR/);
  });
});
