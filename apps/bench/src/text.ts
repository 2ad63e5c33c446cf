/** Rows under titles, in aligned columns. */
export function table(titles: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const lines = [titles, ...rows];
  const widths = titles.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A ratio and whether it keeps to its target: `0.87x (target at least 1.00x: missed)`. */
export function verdict(ratio: number, target: { readonly atLeast: number } | { readonly atMost: number }) {
  const [words, limit, met] =
    'atLeast' in target
      ? ['at least', target.atLeast, ratio >= target.atLeast]
      : ['at most', target.atMost, ratio <= target.atMost];
  return `${ratio.toFixed(2)}x (target ${words} ${limit.toFixed(2)}x: ${met ? 'met' : 'missed'})`;
}
