import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { defineConfig } from 'vitest/config';

/** Every package and app, and the tests of the workspace itself. */
const directories = [
  ...['packages', 'apps'].flatMap((folder) =>
    readdirSync(path.join(import.meta.dirname, folder)).map((name) => path.join(folder, name)),
  ),
  'tests',
];

function nameOf(directory: string): string {
  if (directory === 'tests') return directory;
  const manifest = path.join(import.meta.dirname, directory, 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { name: string }).name;
}

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Tests of files wait for processes and disks more than they compute.
    maxWorkers: 3,
    // Files share a process, and what they import: loading it anew for each takes longer than most of them.
    isolate: false,
    projects: directories.map((directory) => ({
      extends: true as const,
      root: path.join(import.meta.dirname, directory),
      test: { name: nameOf(directory) },
    })),
  },
});
