import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Type } from 'iii-protocol/schema';
import { openStorage } from 'iii-storage/disk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { defineWorker } from './definition.js';
import { runStandalone } from './standalone.js';

const strict = { additionalProperties: false };

/** A worker that notes how it is started, and ends its process as soon as it runs. */
function echoWorker(log: unknown[]) {
  return defineWorker({
    name: 'iii-echo',
    aliases: ['echo'],
    version: '9.9.9',
    description: 'Says what it is told.',
    config: Type.Object(
      {
        port: Type.Integer({ minimum: 0, default: 7777, description: 'port to listen on' }),
        host_name: Type.String({ default: '127.0.0.1' }),
        loud: Type.Boolean({ default: false }),
        list: Type.Array(Type.String(), { default: [] }),
      },
      strict,
    ),
    async start({ config, iii, name }) {
      log.push({ config, name, address: iii.getAddress() });
      await iii.ready();
      setImmediate(() => process.emit('SIGTERM'));
      return {
        endpoints: [{ purpose: 'echo', address: '127.0.0.1:7777', driver: 'node' }],
        stop: async () => void log.push('stopped'),
      };
    },
  });
}

describe('a standalone worker', () => {
  const written = { out: '', err: '' };
  let engine: WebSocketServer;
  let url: string;

  beforeEach(async () => {
    written.out = '';
    written.err = '';
    vi.stubEnv('III_LOG_LEVEL', 'silent');
    vi.spyOn(console, 'debug').mockImplementation(() => {});
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.out += String(text);
      return true;
    });
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      written.err += String(text);
      return true;
    });
    engine = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    engine.on('connection', (socket) => socket.send('{"type":"workerregistered","worker_id":"w"}'));
    await once(engine, 'listening');
    url = `ws://127.0.0.1:${(engine.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    for (const client of engine.clients) client.terminate();
    await new Promise((resolve) => engine.close(resolve));
  });

  it('connects, runs with the configuration of its flags, stops on a signal and ends with 0', async () => {
    const log: unknown[] = [];
    const status = await runStandalone(echoWorker(log), [
      ...['--url', url, '--name', 'my-echo', '--port', '0', '--host-name', 'localhost', '--loud'],
    ]);
    expect(status).toBe(0);
    expect(log).toEqual([
      {
        config: { port: 0, host_name: 'localhost', loud: true, list: [] },
        name: 'my-echo',
        address: url,
      },
      'stopped',
    ]);
  });

  it('takes its configuration from a file, over which flags win', async () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'standalone-'));
    const file = path.join(directory, 'echo.yaml');
    writeFileSync(file, 'port: 1\nlist: [a]\n');
    const log: unknown[] = [];
    expect(await runStandalone(echoWorker(log), ['--url', url, '--config', file, '--port', '2'])).toBe(0);
    expect(log[0]).toMatchObject({ config: { port: 2, list: ['a'] }, name: 'iii-echo' });
    writeFileSync(file, '- not a mapping\n');
    expect(await runStandalone(echoWorker([]), ['--config', file])).toBe(1);
    expect(written.err).toContain(`invalid configuration of ${file}: expected a mapping`);
    rmSync(directory, { recursive: true });
  });

  it('shows its flags with their meaning, default and an example', async () => {
    expect(await runStandalone(echoWorker([]), ['--help'])).toBe(0);
    expect(written.out).toMatch(/--port <value>\s+port to listen on \(default: 7777\)/);
    expect(written.out).toContain('--loud');
    expect(written.out).not.toContain('--list');
    expect(written.out).toContain('npx iii-echo --url ws://127.0.0.1:49134 --port 7777');
  });

  it('prints its version', async () => {
    expect(await runStandalone(echoWorker([]), ['--version'])).toBe(0);
    expect(written.out).toBe('9.9.9\n');
  });

  it('ends with 2 and its usage for flags it does not know', async () => {
    expect(await runStandalone(echoWorker([]), ['--prot', '1'])).toBe(2);
    expect(written.err).toContain("unknown option '--prot'");
    expect(written.err).toContain('Usage: iii-echo');
  });

  it('ends with 1 and the reason when its configuration is wrong', async () => {
    expect(await runStandalone(echoWorker([]), ['--port', 'many'])).toBe(1);
    expect(written.err).toBe(
      'Error: invalid configuration of iii-echo: port: expected an integer of at least 0, not "many"\n',
    );
  });

  it('ends with 1 and the reason when it cannot start', async () => {
    const broken = defineWorker({ ...echoWorker([]), start: () => Promise.reject(new Error('no room')) });
    expect(await runStandalone(broken, ['--url', url])).toBe(1);
    expect(written.err).toBe('Error: no room\n');
  });

  it('keeps its data where --data-dir says, and says so when it cannot', async () => {
    const directory = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'standalone-')));
    const data = path.join(directory, 'data');
    const keeper = defineWorker({
      ...echoWorker([]),
      async start({ iii, storage }) {
        const store = await storage.open();
        await store.transaction((tx) => tx.put(Buffer.from('starts'), Buffer.from('1')));
        await iii.ready();
        setImmediate(() => process.emit('SIGTERM'));
        return { stop: async () => {} };
      },
    });
    expect(await runStandalone(keeper, ['--url', url, '--data-dir', data])).toBe(0);
    const storage = await openStorage({ directory: data });
    expect((await storage.open({ name: 'iii-echo.main' })).has(Buffer.from('starts'))).toBe(true);
    await storage.close();
    writeFileSync(path.join(directory, 'file'), '');
    expect(await runStandalone(keeper, ['--url', url, '--data-dir', path.join(directory, 'file')])).toBe(1);
    expect(written.err).toMatch(/Error: the data directory .*file cannot be used: .*; the message says what/);
    rmSync(directory, { recursive: true });
  });
});
