import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');

interface CodeBlock {
  readonly language: string;
  readonly code: string;
}

const blocks: CodeBlock[] = [
  ...readFileSync(path.join(ROOT, 'README.md'), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm),
].map(([, language = '', code = '']) => ({ language, code: code.trim() }));

/** Each block of the README is run by the test of this name; a block without one is a failure. */
const COVERED: ReadonlyArray<readonly [block: string, language: string]> = [
  ['npm run quickstart', 'sh'],
  ['npm test', 'sh'],
  ['import { registerWorker }', 'ts'],
  ['npx iii trigger', 'sh'],
];

interface Ending {
  readonly status: number | null;
  readonly stdout: string;
}

/** Runs the commands of a block as a reader would paste them. */
function shell(code: string, env: Readonly<Record<string, string>> = {}): Promise<Ending> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-ec', code], { cwd: ROOT, env: { ...process.env, ...env } });
    let stdout = '';
    child.stdout.on('data', (text) => (stdout += String(text)));
    child.on('close', (status) => resolve({ status, stdout }));
  });
}

it('every code block of the README is one of those that are run here', () => {
  expect(blocks.map(({ language, code }) => [code.split('\n', 1)[0], language])).toEqual(
    COVERED.map(([start, language]) => [expect.stringContaining(start) as string, language]),
  );
});

describe('the two commands', () => {
  it('npm run quickstart runs the tutorial', { timeout: 300_000 }, async () => {
    const { status, stdout } = await shell(`${blocks[0]?.code} -- --once`);
    expect(stdout).toMatch(/math::add a=2 b=3\s+→\s+\{"c":5,"running_total":5\}/);
    expect(stdout).toMatch(/math::add_two_numbers a=10 b=20\s+→\s+\{"c":30,"running_total":35\}/);
    expect(stdout).toMatch(/POST \/math\/add-two-numbers\s+→\s+200 \{"c":300,"running_total":335\}/);
    expect(status).toBe(0);
  });

  it('npm test runs every step, here with a selection of tests, or it would run itself', {
    timeout: 300_000,
  }, async () => {
    const { status, stdout } = await shell(blocks[1]?.code ?? '', {
      III_TEST_SELECTION: 'packages/protocol/src/raw-json.test.ts',
    });
    for (const step of ['install', 'build', 'lint', 'types', 'packages'])
      expect(stdout).toContain(`▸ ${step} … ok`);
    expect(stdout.trimEnd().split('\n').at(-1)).toMatch(/^\d+ passed, 0 failed$/);
    expect(status).toBe(0);
  });
});

describe('the smallest worker', () => {
  let directory: string;
  let engine: ChildProcess;
  let worker: ChildProcess;
  let url: string;
  let httpUrl: string;

  beforeAll(async () => {
    directory = mkdtempSync(path.join(os.tmpdir(), 'readme-'));
    writeFileSync(
      path.join(directory, 'config.yaml'),
      'workers:\n  - { name: iii-worker-manager, config: { port: 0 } }\n  - { name: iii-http, config: { port: 0 } }\n',
    );
    engine = spawn('npx', ['iii', '-c', path.join(directory, 'config.yaml')], {
      cwd: ROOT,
      env: { ...process.env, III_LOG_FORMAT: 'text' },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      if (engine.stderr === null) throw new Error('no standard error');
      createInterface({ input: engine.stderr }).on('line', (line) => {
        lines.push(line);
        if (/ ready: /.test(line)) resolve();
      });
      engine.once('exit', () => reject(new Error(lines.join('\n'))));
    });
    url = /workers on (ws:\/\/\S+)/.exec(lines.join('\n'))?.[1] ?? '';
    httpUrl = /http on (http:\/\/\S+)/.exec(lines.join('\n'))?.[1] ?? '';
    const code = blocks[2]?.code.replace('ws://127.0.0.1:49134', url) ?? '';
    // Beside a package that depends on iii-sdk, as the code would stand in a project.
    const file = path.join(ROOT, 'apps/quickstart', `.readme-${process.pid}.ts`);
    writeFileSync(file, code);
    worker = spawn('npx', ['tsx', file], { cwd: path.dirname(file), stdio: 'ignore', detached: true });
  });

  afterAll(() => {
    for (const child of [worker, engine]) {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      } catch {
        // Already gone.
      }
    }
    rmSync(path.join(ROOT, 'apps/quickstart', `.readme-${process.pid}.ts`), { force: true });
    rmSync(directory, { recursive: true, force: true });
  });

  it('is called by the command that the README shows, and over HTTP', { timeout: 60_000 }, async () => {
    for (;;) {
      const { status, stdout } = await shell(blocks[3]?.code ?? '', { III_URL: url });
      if (status !== 0) continue;
      expect(JSON.parse(stdout)).toEqual({ c: 5 });
      break;
    }
    const response = await fetch(`${httpUrl}/add`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: '{"a":2,"b":3}',
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ c: 5 });
  });
});
