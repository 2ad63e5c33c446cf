import { singleLine } from './remote-text.js';
import type { Style } from './style.js';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Default `left`. */
  readonly align?: 'left' | 'right';
}

const GAP = '  ';

/** Lines of aligned columns under their titles. Cells may hold text of somebody else. */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  style: Style,
): string[] {
  const titles = columns.map(({ title }) => title);
  const cells = rows.map((row) => columns.map(({ value }) => singleLine(value(row))));
  const widths = titles.map((title, at) =>
    Math.max(...[titles, ...cells].map((line) => width(line[at] ?? title))),
  );
  const aligned = (line: readonly string[]) =>
    line
      .map((cell, at) => {
        const space = ' '.repeat(Math.max(0, (widths[at] ?? 0) - width(cell)));
        return columns[at]?.align === 'right' ? space + cell : cell + space;
      })
      .join(GAP)
      .trimEnd();
  return [style.bold(aligned(titles)), ...cells.map(aligned)];
}

/** Characters as a reader counts them, more or less: not code units. */
function width(text: string): number {
  return [...text].length;
}
