/** How long calls took, in milliseconds. */
export interface Latencies {
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

/** What a load has brought about. */
export interface LoadResult extends Latencies {
  readonly calls: number;
  readonly perSecond: number;
}

/** @param took milliseconds of each call. @param ms how long all of them took together. */
export function loadResult(took: readonly number[], ms: number): LoadResult {
  const sorted = Float64Array.from(took).sort();
  const at = (percent: number) => {
    // A rank that is whole must not become the next one by the way it is calculated.
    const rank = Math.max(Math.ceil((percent / 100) * sorted.length - 1e-9), 1);
    return sorted[rank - 1] ?? Number.NaN;
  };
  return {
    calls: took.length,
    perSecond: took.length / (ms / 1_000),
    p50Ms: at(50),
    p90Ms: at(90),
    p99Ms: at(99),
    p999Ms: at(99.9),
  };
}
