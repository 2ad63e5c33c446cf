/** The middle of some figures; of an even number of them the mean of the two in the middle. NaN when there are none. */
export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? Number.NaN;
  return (low + high) / 2;
}

/** The smallest figure that at least `percent` of 100 of them do not exceed. NaN when there are none. */
export function percentile(values: readonly number[], percent: number): number {
  const rank = Math.ceil((percent / 100) * values.length);
  return ascending(values)[Math.max(rank, 1) - 1] ?? Number.NaN;
}

/** Each figure of a round over the other one's of the same round, and the median of that: drift meets both sides. */
export function ratioOf(subject: readonly number[], baseline: readonly number[]): number {
  return median(subject.map((value, round) => value / (baseline[round] ?? Number.NaN)));
}

function ascending(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}

/** Half of how far the figures lie apart, as a part of their median. 0 for a single one. */
export function spread(values: readonly number[]): number {
  const sorted = ascending(values);
  const [least, most] = [sorted[0] ?? Number.NaN, sorted[sorted.length - 1] ?? Number.NaN];
  return (most - least) / 2 / median(values);
}
