import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { announcement, detectProjectName } from './announcement.js';
import { resolveAddress, resolveIdentity } from './options.js';

describe('the address', () => {
  it.each([
    ['ws://given', { III_URL: 'ws://env' }, 'ws://given'],
    [undefined, { III_URL: 'ws://env' }, 'ws://env'],
    ['', { III_URL: 'ws://env' }, 'ws://env'],
    [undefined, { III_URL: '' }, 'ws://127.0.0.1:49134'],
    [undefined, {}, 'ws://127.0.0.1:49134'],
  ])('%j with %j is %s', (address, env, expected) => {
    expect(resolveAddress(address, env)).toBe(expected);
  });
});

describe('the name of a worker', () => {
  it('is the option, even an empty one, else the environment’s', () => {
    expect(resolveIdentity({ workerName: 'own' }, { III_WORKER_NAME: 'env' }).name).toBe('own');
    expect(resolveIdentity({ workerName: '' }, { III_WORKER_NAME: 'env' }).name).toBe('');
    expect(resolveIdentity({}, { III_WORKER_NAME: 'env' }).name).toBe('env');
  });

  it('differs between the unnamed clients of one process', () => {
    const [first, second] = [resolveIdentity({}, {}).name, resolveIdentity({}, { III_WORKER_NAME: '' }).name];
    expect(first).toContain(`${os.hostname()}:${process.pid}`);
    expect(second).toContain(`${os.hostname()}:${process.pid}#`);
    expect(first).not.toBe(second);
  });
});

describe('the namespace of a worker', () => {
  it('is the option, else the environment’s unless that is blank', () => {
    expect(resolveIdentity({ namespace: 'a' }, { III_NAMESPACE: 'b' }).namespace).toBe('a');
    expect(resolveIdentity({}, { III_NAMESPACE: 'b' }).namespace).toBe('b');
    expect(resolveIdentity({}, { III_NAMESPACE: ' ' }).namespace).toBeUndefined();
    expect(resolveIdentity({}, {}).namespace).toBeUndefined();
  });

  it('may not be a blank option', () => {
    expect(() => resolveIdentity({ namespace: ' ' })).toThrow(
      'namespace is empty: options.namespace was set to " ". Give it a name, or leave it unset to register in `default`.',
    );
  });
});

describe('the announcement', () => {
  const identity = { name: 'n', description: undefined, namespace: undefined, telemetry: {} };

  afterEach(() => vi.unstubAllEnvs());

  it('tells runtime, version, system and process', () => {
    expect(announcement(identity)).toMatchObject({
      runtime: 'node',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      name: 'n',
      os: `${os.platform()} ${os.release()} (${os.arch()})`,
      pid: process.pid,
      telemetry: { framework: 'iii-node', project_name: expect.any(String) as string },
    });
  });

  it('tells the kind of sandbox, or null', () => {
    vi.stubEnv('III_ISOLATION', '');
    expect(announcement(identity).isolation).toBeNull();
    vi.stubEnv('III_ISOLATION', 'docker');
    expect(announcement(identity).isolation).toBe('docker');
  });

  it('leaves out what there is not, and takes what it is told about the project', () => {
    const telemetry = { language: 'en', project_name: 'p', framework: ' fw ', amplitude_api_key: 'k' };
    const sent = JSON.parse(JSON.stringify(announcement({ ...identity, telemetry }))) as object;
    expect(Object.keys(sent)).not.toContain('namespace');
    expect(Object.keys(sent)).not.toContain('description');
    expect(sent).toMatchObject({
      telemetry: { language: 'en', project_name: 'p', framework: 'fw', amplitude_api_key: 'k' },
    });
    expect(announcement({ ...identity, telemetry: { framework: ' ' } })).toMatchObject({
      telemetry: { framework: 'iii-node' },
    });
  });
});

describe('the name of a project', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(os.tmpdir(), 'project-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const write = (text: string) => writeFileSync(path.join(directory, 'package.json'), text);

  it('is that of its manifest', () => {
    write('{"name":" my-app "}');
    expect(detectProjectName(directory)).toBe('my-app');
  });

  it.each(['{"name":" "}', '{"name":5}', '{}', '[]', 'not json'])(
    'is that of its directory for the manifest %s',
    (text) => {
      write(text);
      expect(detectProjectName(directory)).toBe(path.basename(directory));
    },
  );

  it('is that of its directory without a manifest, and nothing for the root', () => {
    expect(detectProjectName(directory)).toBe(path.basename(directory));
    expect(detectProjectName('/')).toBeUndefined();
  });
});
