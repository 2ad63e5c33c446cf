import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const HERE = path.resolve(import.meta.dirname, '..');

interface Run {
  readonly lines: string[];
  readonly ended: Promise<number | null>;
  /** Resolves with the first line that fits, when it is printed. */
  line(pattern: RegExp): Promise<string>;
  interrupt(): void;
}

function quickstart(...args: string[]): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', ...args], {
    cwd: HERE,
    detached: true,
  });
  const lines: string[] = [];
  const waiting: Array<() => void> = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.split('\n'));
      for (const wake of waiting.splice(0)) wake();
    });
  }
  return {
    lines,
    ended: new Promise((resolve) => child.once('close', resolve)),
    line: async (pattern) => {
      for (;;) {
        const found = lines.find((text) => pattern.test(text));
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    interrupt: () => {
      // As a terminal does: to everyone in the foreground.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
    },
  };
}

function temporaryDirectory(): { readonly path: string } & AsyncDisposable {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'iii-quickstart-'));
  return {
    path: directory,
    [Symbol.asyncDispose]: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the quickstart', () => {
  it('shows that it works and ends with --once', { timeout: 240_000 }, async () => {
    const run = quickstart('--once');
    const status = await run.ended;
    const text = run.lines.join('\n');
    expect(text).toMatch(/math::add a=2 b=3\s+→\s+\{"c":5,"running_total":5\}/);
    expect(text).toMatch(/math::add_two_numbers a=10 b=20\s+→\s+\{"c":30,"running_total":35\}/);
    expect(text).toMatch(/POST \/math\/add-two-numbers\s+→\s+200 \{"c":300,"running_total":335\}/);
    expect(text).toMatch(
      /runs on Python \S+ with the official iii-sdk|its stand-in in TypeScript runs instead/,
    );
    expect(status).toBe(0);
  });

  it('stays up, serves curl, and ends every process it started on Ctrl-C', { timeout: 240_000 }, async () => {
    await using data = temporaryDirectory();
    const run = quickstart('--ports', '0', '0', '--data', data.path);
    await run.line(/Ctrl-C ends it/);
    const url = /curl -X POST (\S+)/.exec(await run.line(/curl -X POST/))?.[1] ?? '';
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: '{"a":1,"b":2}',
    });
    expect(await response.json()).toEqual({ c: 3, running_total: 338 });
    const pids = [...run.lines.join('\n').matchAll(/started with pid (\d+)/g)].map(([, pid]) => Number(pid));
    expect(pids).toHaveLength(3);
    expect(pids.every(isAlive)).toBe(true);
    run.interrupt();
    expect(await run.ended).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('goes on counting where it was after a restart', { timeout: 240_000 }, async () => {
    await using data = temporaryDirectory();
    for (const expected of [335, 670]) {
      const run = quickstart('--once', '--data', data.path);
      expect(await run.ended).toBe(0);
      expect(run.lines.join('\n')).toContain(`200 {"c":300,"running_total":${expected}}`);
    }
  });

  it('says what it does not know', async () => {
    const run = quickstart('--twice');
    expect(await run.ended).toBe(2);
    expect(run.lines.join('\n')).toContain('unknown argument "--twice"');
  });
});
