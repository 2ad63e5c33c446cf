import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OwnedProcess } from './processes.js';
import { startEngine } from './quickstart.js';

const HERE = path.resolve(import.meta.dirname, '..');
const processes: OwnedProcess[] = [];
const scratch = mkdtempSync(path.join(os.tmpdir(), 'iii-examples-'));
let url = '';

beforeAll(async () => {
  ({ url } = await startEngine({ port: 0, httpPort: 0, tell: () => {} }, processes));
});

afterAll(async () => {
  for (const owned of processes) await owned.stop();
  rmSync(scratch, { recursive: true });
});

interface Output {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function example(name: string, args: readonly string[], input = ''): Promise<Output> {
  const child = spawn(process.execPath, ['--import', 'tsx', `examples/${name}.ts`, ...args], {
    cwd: HERE,
    env: { ...process.env, III_URL: url },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  child.stdin.end(input);
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, ...output })));
}

describe('the examples', () => {
  it('upload a file from one worker to another, with a progress bar', async () => {
    const content = randomBytes(30 * 1024 * 1024);
    const file = path.join(scratch, 'picture.raw');
    writeFileSync(file, content);
    const { status, stdout, stderr } = await example('upload', [file]);
    expect(stderr).toContain('100 %');
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(stdout).toContain(`${content.length} bytes in `);
    expect(stdout).toContain(`sha256 ${sha256}`);
    const stored = /bytes in (\S+)/.exec(stdout)?.[1] ?? '';
    expect(createHash('sha256').update(readFileSync(stored)).digest('hex')).toBe(sha256);
    rmSync(path.dirname(stored), { recursive: true });
    expect(status).toBe(0);
  });

  it('print tokens in their order, and all of them', async () => {
    const { status, stdout } = await example('tokens', ['channels keep their order']);
    expect(stdout).toContain(
      'Once upon a time, channels keep their order, and they all lived happily ever after. \n(15 words)',
    );
    expect(status).toBe(0);
  });

  it('send and receive at once over two channels', async () => {
    const { status, stdout } = await example('two-way', [], 'hello\nwörld\n');
    expect(stdout).toContain('HELLO\nWöRLD\n(13 bytes)\n');
    expect(status).toBe(0);
  });
});
