import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findUws, loadUws, type UwsEnvironment } from './load.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'uws-'));
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** A package as it could be installed, whose code must never run. */
function install(manifest: object, files: Record<string, string> = {}): UwsEnvironment {
  mkdirSync(join(folder, 'src'));
  mkdirSync(join(folder, 'binaries'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const poison = 'console.log("the package ran"); throw new Error("the package ran");';
  for (const [name, text] of Object.entries({ 'src/uws.js': poison, ...files })) {
    writeFileSync(join(folder, name), text);
  }
  return { resolve: () => join(folder, 'src', 'uws.js'), env: {}, target: 'linux_x64_115' };
}

const community = { name: '@someone/uws', version: '20.30.0' };
const binary = { 'binaries/uws_linux_x64_115.node': 'not really a library' };

describe('findUws', () => {
  it('says when nothing is installed', () => {
    const environment = install(community);
    const resolve = () => {
      throw new Error('Cannot find module');
    };
    expect(findUws({ ...environment, resolve })).toEqual({
      available: false,
      reason: 'uWebSockets.js is not installed',
    });
  });

  it('knows the official build by its name', () => {
    const environment = install({ name: 'uWebSockets.js', version: '20.52.0' });
    expect(findUws(environment)).toEqual({ available: true, build: 'official', version: '20.52.0', folder });
  });

  it('knows a community build with a binary for this platform', () => {
    const environment = install(community, binary);
    expect(findUws(environment)).toEqual({ available: true, build: 'community', version: '20.30.0', folder });
  });

  it('refuses a community build without a binary for this platform, and says for which', () => {
    const environment = { ...install(community, binary), target: 'linux_x64_127' };
    const found = findUws(environment);
    expect(found).toMatchObject({ available: false });
    expect(found).toHaveProperty('reason', '@someone/uws@20.30.0 has no native binary for linux_x64_127');
  });

  it('refuses a community build that is told to imitate', () => {
    const environment = install(community, binary);
    for (const value of ['1', 'true', 'True', 'TRUE']) {
      expect(findUws({ ...environment, env: { UWS_USE_FALLBACK: value } })).toMatchObject({
        available: false,
        reason: expect.stringContaining('UWS_USE_FALLBACK'),
      });
    }
    expect(findUws({ ...environment, env: { UWS_USE_FALLBACK: '0' } }).available).toBe(true);
  });

  it('does not let the variable touch the official build, which has no imitation', () => {
    const environment = install({ name: 'uWebSockets.js', version: '20.52.0' });
    expect(findUws({ ...environment, env: { UWS_USE_FALLBACK: '1' } }).available).toBe(true);
  });

  it('skips a package.json that only says what kind of files lie below it', () => {
    const environment = install(community, { ...binary, 'src/package.json': '{"type":"commonjs"}' });
    expect(findUws(environment)).toMatchObject({ available: true, folder });
  });

  it('says when the file belongs to no package', () => {
    const environment = install({ version: '1' });
    expect(findUws(environment)).toMatchObject({
      available: false,
      reason: expect.stringContaining('package.json'),
    });
  });
});

describe('loadUws', () => {
  it('passes on why there is nothing to load', async () => {
    const missing = { available: false, reason: 'because' } as const;
    expect(await loadUws(missing)).toBe(missing);
  });

  it('reports a binary that does not load, without running or printing anything', async () => {
    const printed = [vi.spyOn(console, 'log'), vi.spyOn(console, 'warn')];
    const found = findUws(install(community, binary));
    const loaded = await loadUws(found, 'linux_x64_115');
    expect(loaded.available).toBe(false);
    expect(loaded).toHaveProperty('reason', expect.stringContaining('uws_linux_x64_115.node'));
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });
});
