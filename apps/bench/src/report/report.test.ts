import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { keepResult } from './keep.js';
import { type Machine, renderMachine } from './machine.js';
import { renderMarkdown, renderResult } from './render.js';
import { Gathering, type Result } from './result.js';

const MACHINE: Machine = {
  processor: 'Some Processor',
  processors: 2,
  memoryMiB: 4_096,
  system: 'Linux 6.1 x64',
  node: 'v20.20.2',
  uws: 'official 20.50.0',
  load: 0.2,
};

function result(): Result {
  const gathering = new Gathering();
  for (const us of [10, 12, 11]) gathering.add('relay', { us, calls: 100 });
  for (const us of [15, 15, 22]) gathering.add('engine', { us, calls: 90 });
  gathering.miss('peer', 'it cannot be fetched: no network\nand more');
  return {
    bench: 'calls',
    sections: [
      {
        title: 'One after the other',
        figures: [
          { key: 'us', title: 'µs', digits: 1 },
          { key: 'calls', title: 'calls', digits: 0 },
        ],
        series: gathering.series(),
        baseline: { subject: 'relay', figure: 'us' },
      },
    ],
    verdicts: ['engine: 1.50x'],
  };
}

describe('a result', () => {
  it('is a table of medians, with how far they lie apart and the relation to the baseline', () => {
    expect(renderResult(result()).split('\n')).toEqual([
      'calls',
      '',
      'One after the other',
      '        µs                                              calls  spread  of relay',
      'relay   11.0                                            100    ±9 %',
      'engine  15.0                                            90     ±23 %   1.50x',
      'peer    not measured: it cannot be fetched: no network',
      '',
      'engine: 1.50x',
    ]);
  });

  it('is Markdown as well', () => {
    const text = renderMarkdown(result());
    expect(text).toContain('### One after the other\n\n|  | µs | calls | spread | of relay |\n| --- |');
    expect(text).toContain('| engine | 15.0 | 90 | ±23 % | 1.50x |');
    expect(text).toContain('\n- engine: 1.50x');
  });

  it('is kept with everything that was measured, and replaces the one before it on the page', () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'iii-bench-test-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    writeFileSync(path.join(directory, 'RESULTS.md'), '# Method\n\n<!-- figures -->\n\nold\n');
    keepResult(directory, { ...result(), bench: 'calls', machine: MACHINE, at: '2026-01-02T03:04:05Z' });
    keepResult(directory, { ...result(), bench: 'again', machine: MACHINE, at: '2026-01-02T03:04:05Z' });
    keepResult(directory, { ...result(), bench: 'calls', machine: MACHINE, at: '2026-02-02T03:04:05Z' });
    const page = readFileSync(path.join(directory, 'RESULTS.md'), 'utf8');
    expect(page.startsWith('# Method\n\n<!-- figures -->\n\n## again\n\n2026-01-02, on 2 x Some')).toBe(true);
    expect(page.match(/^## calls$/gm)).toHaveLength(1);
    expect(page).toContain('2026-02-02, on 2 x Some Processor');
    expect(page).not.toContain('old');
    const kept = JSON.parse(readFileSync(path.join(directory, 'results/calls.json'), 'utf8')) as Result;
    expect(kept.sections[0]?.series[0]?.samples).toHaveLength(3);
    expect(existsSync(path.join(directory, 'results/again.json'))).toBe(true);
  });

  it('says so when the machine was busy', () => {
    expect(renderMachine(MACHINE)).not.toContain('busy');
    expect(renderMachine({ ...MACHINE, load: 7.5 })).toContain('busy with other work (load 7.5)');
  });
});
