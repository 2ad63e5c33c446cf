import type { CliIo } from '../io.js';

/** How a stream shows emphasis: escape sequences on a terminal, nothing elsewhere. */
export interface Style {
  readonly hasColour: boolean;
  bold(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
}

/** https://no-color.org: any value but the empty one turns colour off. */
export function styleOf(io: CliIo, stream: 'stdout' | 'stderr'): Style {
  const hasColour = io.isTerminal[stream] && !io.env.NO_COLOR && io.env.TERM !== 'dumb';
  const paint = (on: number, off: number) => (text: string) =>
    hasColour ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return { hasColour, bold: paint(1, 22), red: paint(31, 39), yellow: paint(33, 39) };
}
