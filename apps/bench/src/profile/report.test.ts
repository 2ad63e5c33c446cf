import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { reportProfile } from './report.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'iii-bench-test-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

function report(url: string, rows?: number): string {
  const node = (id: number, functionName: string, at = '') => ({
    id,
    callFrame: { functionName, url: at, lineNumber: 0, columnNumber: 0 },
  });
  const file = path.join(directory, 'x.cpuprofile');
  const nodes = [node(1, 'route', url), node(2, 'writev'), node(3, '')];
  writeFileSync(file, JSON.stringify({ nodes, samples: [1, 2, 3], timeDeltas: [700, 295, 5] }));
  return reportProfile(file, rows);
}

it('names the place in the source where what was built has a map', () => {
  const built = path.join(directory, 'index.js');
  // One segment: the beginning of the first line comes from line 4, column 0, of the first source.
  const map = { version: 3, sources: ['../src/router.ts'], names: [], mappings: 'AAGA' };
  writeFileSync(`${built}.map`, JSON.stringify(map));
  expect(report(pathToFileURL(built).href)).toMatch(/^route\s+70\.0 %\s+\S*src\/router\.ts:4$/m);
});

it('names the place in what was built where there is no map', () => {
  expect(report('file:///x/node_modules/ws/lib/sender.js')).toMatch(
    /^route\s+70\.0 %\s+ws\/lib\/sender\.js:1 \(ws\)$/m,
  );
});

it('adds up origins, and leaves out what is below one in a hundred', () => {
  const [origins = ''] = report('node:net').split('\n\n');
  expect(origins).toMatch(/^node\s+70\.0 %\nnative\s+30\.0 %$/m);
});

it('tells no more functions than asked for', () => {
  const [, functions = ''] = report('node:net', 1).split('\n\n');
  expect(functions.split('\n')).toHaveLength(2);
});
