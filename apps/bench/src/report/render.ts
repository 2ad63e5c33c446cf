import { median, ratioOf, spread } from '../statistics.js';
import { table } from '../text.js';
import type { Result, Section, Series } from './result.js';

/** The tables of a benchmark, for people. */
export function renderResult({ bench, sections, verdicts }: Result): string {
  const parts = sections.map((section) => `${section.title}\n${renderTable(section)}`);
  const closing = verdicts.length === 0 ? [] : [verdicts.join('\n')];
  return [bench, ...parts, ...closing].join('\n\n');
}

/** The same as Markdown. */
export function renderMarkdown({ bench, sections, verdicts }: Result): string {
  const parts = sections.map((section) => {
    const [titles = [], ...rows] = rowsOf(section);
    const lines = [titles, titles.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
    return `### ${section.title}\n\n${lines.join('\n')}`;
  });
  const closing = verdicts.length === 0 ? [] : [verdicts.map((verdict) => `- ${verdict}`).join('\n')];
  return [`## ${bench}`, ...parts, ...closing].join('\n\n');
}

function renderTable(section: Section): string {
  const [titles = [], ...rows] = rowsOf(section);
  return table(titles, rows);
}

/** Medians of all rounds; how far those of the figure that is put in relation lie apart; and that relation. */
function rowsOf(section: Section): string[][] {
  const { figures, series, baseline } = section;
  const base = series.find(({ subject }) => subject === baseline?.subject);
  const titles = ['', ...figures.map(({ title }) => title)];
  if (baseline !== undefined) titles.push('spread', `of ${baseline.subject}`);
  const rows = series.map((each) => {
    if (each.missing !== undefined) return [each.subject, `not measured: ${each.missing.split('\n')[0]}`];
    const cells = figures.map(({ key, digits }) => format(median(valuesOf(each, key)), digits));
    if (baseline === undefined) return [each.subject, ...cells];
    const values = valuesOf(each, baseline.figure);
    const relation = base === undefined ? Number.NaN : ratioOf(values, valuesOf(base, baseline.figure));
    return [
      each.subject,
      ...cells,
      `±${format(100 * spread(values), 0)} %`,
      each === base ? '' : `${format(relation, 2)}x`,
    ];
  });
  return [titles, ...rows];
}

export function valuesOf({ samples }: Series, figure: string): number[] {
  return samples.map((sample) => sample[figure] ?? Number.NaN);
}

function format(value: number, digits: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(digits);
}
