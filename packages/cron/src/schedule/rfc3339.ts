const OFFSET = '+00:00';

/** `2026-01-01T02:00:00+00:00`: no fraction, and never `Z` (workers-state-stream-pubsub-cron.md §4.3). */
export function wholeSeconds(instant: number): string {
  return new Date(instant).toISOString().slice(0, 19) + OFFSET;
}

/** The same with three digits of a fraction. */
export function withMilliseconds(instant: number): string {
  return new Date(instant).toISOString().slice(0, 23) + OFFSET;
}
