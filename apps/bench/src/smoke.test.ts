import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { KeptResult } from './report/keep.js';

const run = promisify(execFile);

/** The whole way: arguments, processes, load, figures. What is measured is not looked at. */
it.each(['fanout', 'churn'])(
  'the benchmark %s runs, and tells all its figures',
  async (name) => {
    const args = ['--import', 'tsx', 'src/main.ts', name, '--quick', '--driver', 'node', '--json'];
    const { stdout } = await run(process.execPath, args, { cwd: `${import.meta.dirname}/..` });
    const [result] = JSON.parse(stdout) as [KeptResult];
    expect(result.bench).toBe(name);
    expect(result.machine.processors).toBeGreaterThan(0);
    for (const { figures, series } of result.sections) {
      expect(series.map(({ subject }) => subject)).toEqual(['iii (node)']);
      for (const { key } of figures) expect(series[0]?.samples[0]?.[key], key).toEqual(expect.any(Number));
    }
  },
  60_000,
);
