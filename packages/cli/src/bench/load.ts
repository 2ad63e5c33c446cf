import type { Clock } from 'iii-protocol';

/** What a load has brought about. Milliseconds. */
export interface LoadFigures {
  readonly in_flight: number;
  readonly calls: number;
  readonly per_second: number;
  readonly p50_ms: number;
  readonly p90_ms: number;
  readonly p99_ms: number;
  readonly p999_ms: number;
}

/** Keeps so many calls in flight for so long: the next begins when one has ended. Rejects as soon as one fails. */
export async function runLoad(
  call: () => Promise<unknown>,
  { inFlight, ms }: { readonly inFlight: number; readonly ms: number },
  clock: Clock,
): Promise<LoadFigures> {
  const took: number[] = [];
  const begin = clock.monotonic();
  const end = begin + ms;
  let hasFailed = false;
  const oneAfterTheOther = async () => {
    for (let sent = clock.monotonic(); sent < end && !hasFailed; ) {
      await call();
      const now = clock.monotonic();
      took.push(now - sent);
      sent = now;
    }
  };
  try {
    await Promise.all(Array.from({ length: inFlight }, oneAfterTheOther));
  } catch (error) {
    hasFailed = true;
    throw error;
  }
  const sorted = Float64Array.from(took).sort();
  const at = (part: number) => sorted[Math.max(Math.ceil(part * sorted.length), 1) - 1] ?? 0;
  return {
    in_flight: inFlight,
    calls: took.length,
    per_second: took.length / ((clock.monotonic() - begin) / 1_000),
    p50_ms: at(0.5),
    p90_ms: at(0.9),
    p99_ms: at(0.99),
    p999_ms: at(0.999),
  };
}
