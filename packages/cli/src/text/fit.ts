import type { ScreenSize } from '../screen.js';

/** What {@link Style} adds to text: it takes no room. */
const EMPHASIS = new RegExp(`(${String.fromCharCode(0x1b)}\\[\\d+m)`);

/** As much of a line as there are columns; what is missing leaves `…`, and emphasis still ends. */
export function cutLine(line: string, columns: number): string {
  // Every other part is emphasis.
  const parts = line.split(EMPHASIS).map((part, at) => (at % 2 === 0 ? [...part] : part));
  const length = parts.reduce((sum, part) => sum + (typeof part === 'string' ? 0 : part.length), 0);
  if (length <= columns) return line;
  let room = Math.max(0, columns - 1);
  let isCut = false;
  return parts
    .map((part) => {
      if (typeof part === 'string') return part;
      if (isCut) return '';
      const kept = part.slice(0, room).join('');
      isCut = part.length > room;
      room -= Math.min(room, part.length);
      return isCut ? `${kept}…` : kept;
    })
    .join('');
}

/** A head, and a table with its line of titles below it, on one screen: rows that do not fit are counted. */
export function fitToScreen(
  head: readonly string[],
  table: readonly string[],
  { columns, rows }: ScreenSize,
): string[] {
  const room = rows - head.length;
  const shown = table.length <= room ? table : shortened(table, Math.max(1, room));
  return [...head, ...shown].slice(0, rows).map((line) => cutLine(line, columns));
}

function shortened(table: readonly string[], room: number): string[] {
  // Titles without a row below them tell nothing.
  const kept = room < 3 ? 0 : room - 1;
  return [...table.slice(0, kept), `… and ${table.length - Math.max(1, kept)} more`];
}
