import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Machine, renderMachine } from './machine.js';
import { renderMarkdown } from './render.js';
import type { Result } from './result.js';

/** A result as it is kept: everything that was measured, not only the medians. */
export interface KeptResult extends Result {
  readonly machine: Machine;
  /** When it was measured, ISO 8601. */
  readonly at: string;
}

const BEGIN = '<!-- figures -->';

/** Puts a result among the others of `<directory>/results`, and all of them into `<directory>/RESULTS.md`. */
export function keepResult(directory: string, result: KeptResult): void {
  const folder = path.join(directory, 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${result.bench}.json`), `${JSON.stringify(result, undefined, 1)}\n`);
  const all = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as KeptResult);
  const page = path.join(directory, 'RESULTS.md');
  const [method = ''] = readFileSync(page, 'utf8').split(BEGIN);
  const figures = all.map((each) => {
    const [heading, ...rest] = renderMarkdown(each).split('\n\n');
    return [heading, `${each.at.slice(0, 10)}, on ${renderMachine(each.machine)}.`, ...rest].join('\n\n');
  });
  writeFileSync(page, `${[method + BEGIN, ...figures].join('\n\n')}\n`);
}
