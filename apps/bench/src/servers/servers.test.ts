import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from './free-port.js';
import { readUsage, usageOf } from './process-usage.js';
import { ServerProcess } from './server-process.js';
import { startProgram } from './servers.js';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'iii-bench-test-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

/** Node with a script, in place of a server. */
function program(code: string) {
  const file = path.join(directory, `${code.length}.mjs`);
  writeFileSync(file, `#!${process.execPath}\n${code}`, { mode: 0o755 });
  return { file, env: { GREETING: 'Ready to accept connections tcp' } };
}

const LISTENS = `
  import { createServer } from 'node:net';
  const port = process.argv[process.argv.indexOf('--port') + 1];
  createServer((socket) => socket.end(process.cwd())).listen(port, '127.0.0.1', () => {
    console.log('* ' + process.env.GREETING);
  });
`;

async function answerOf(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  const [cwd] = (await once(socket, 'data')) as [string];
  socket.destroy();
  return cwd;
}

describe('a server that is started', () => {
  it('can be connected to, in a directory of its own that goes with it', async () => {
    const server = await startProgram('redis-server', program(LISTENS), ['--appendonly', 'yes']);
    if (!(server instanceof ServerProcess)) throw new Error(server.missing);
    const cwd = await answerOf(server.port);
    const { cpuMs, residentBytes } = await server.usage();
    expect(cpuMs).toBeGreaterThan(0);
    expect(residentBytes).toBeGreaterThan(1024 * 1024);
    expect(existsSync(cwd)).toBe(true);
    await server[Symbol.asyncDispose]();
    expect(existsSync(cwd)).toBe(false);
    await expect(answerOf(server.port)).rejects.toThrow('ECONNREFUSED');
  });

  it('that ends early is missing, with the last it said', async () => {
    const server = await startProgram(
      'nats-server',
      program("console.error('no such option'); process.exitCode = 3;"),
      [],
    );
    expect(server).toEqual({ missing: 'nats-server ended early (status 3)\nno such option' });
  });

  it('that cannot be run is missing', async () => {
    const server = await startProgram('nats-server', { file: path.join(directory, 'none'), env: {} }, []);
    expect(server).toHaveProperty(
      'missing',
      expect.stringMatching(/^nats-server cannot be started: .*ENOENT/),
    );
  });

  it('that says nothing is given up after its deadline', async () => {
    const silent = program('setInterval(() => {}, 1_000_000);');
    const port = await freePort();
    const start = { name: 'silent', program: silent, args: [], port, ready: /ready/, readyMs: 50 };
    await expect(ServerProcess.start(start)).rejects.toThrow('silent was not ready after 50 ms');
  });
});

describe('what a process has used', () => {
  it('is read past a name with brackets and spaces', () => {
    const stat = '4711 (a (b) c) S 1 1 1 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 11 0 100 1 1';
    expect(readUsage(stat, 'Name:\ta\nVmRSS:\t    2048 kB\nThreads:\t11\n')).toEqual({
      cpuMs: 3_000,
      residentBytes: 2 * 1024 * 1024,
    });
  });

  it('is about what Node tells of itself', () => {
    const { user, system } = process.cpuUsage();
    expect(Math.abs(usageOf(process.pid).cpuMs - (user + system) / 1_000)).toBeLessThan(200);
  });
});
