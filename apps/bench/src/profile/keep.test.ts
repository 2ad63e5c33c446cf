import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepProfile } from './keep.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'iii-bench-test-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

function write(...names: string[]): void {
  for (const name of names) writeFileSync(path.join(directory, name), name);
}

it('renames the profile of the main thread and drops those of the threads that load modules', () => {
  write('CPU.20260101.101112.77.0.001.cpuprofile', 'CPU.20260101.101112.77.1.002.cpuprofile');
  keepProfile({ directory, name: 'calls-uws-1' }, 77);
  expect(readdirSync(directory)).toEqual(['calls-uws-1.cpuprofile']);
  const kept = readFileSync(path.join(directory, 'calls-uws-1.cpuprofile'), 'utf8');
  expect(kept).toBe('CPU.20260101.101112.77.0.001.cpuprofile');
});

it('leaves what other processes have written alone, and other files', () => {
  const others = ['CPU.20260101.101112.7.0.001.cpuprofile', 'notes.txt'];
  write(...others);
  keepProfile({ directory, name: 'mine' }, 77);
  expect(readdirSync(directory).sort()).toEqual(others.sort());
});
