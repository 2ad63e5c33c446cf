/** How long to wait after failed attempts (spec/worker-queue.md §7.2). */
export interface Backoff {
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Part of the pause, 0 to 1, that is random. */
  readonly jitter: number;
}

/** @param failures attempts that have failed, at least 1. @param random 0 to 1. */
export function backoffAfter(
  failures: number,
  { backoffMs, maxBackoffMs, jitter }: Backoff,
  random: number,
): number {
  const pause = Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(failures - 1, 1_000));
  const whole = Number.isNaN(pause) ? 0 : pause;
  return Math.round(whole * (1 - jitter * random));
}
