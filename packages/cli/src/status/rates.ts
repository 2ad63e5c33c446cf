import { amountOf, fieldsOf } from './fields.js';
import type { Snapshot } from './snapshot.js';

/** How much happened between two readings. */
export interface Rates {
  /** Calls a second. */
  readonly calls: number;
  /** Calls a second that failed. */
  readonly failed: number;
}

/**
 * What happened between two readings of one engine, by the engine’s own time. Undefined when it does not tell, or has
 * been started anew in between.
 */
export function ratesBetween(before: Snapshot | undefined, after: Snapshot): Rates | undefined {
  if (before === undefined || before.engine.started_at_ms !== after.engine.started_at_ms) return undefined;
  const ms = difference(before.engine.uptime_ms, after.engine.uptime_ms);
  const [earlier, later] = [fieldsOf(before.engine.invocations), fieldsOf(after.engine.invocations)];
  const calls = difference(earlier.total, later.total);
  const failed = difference(earlier.failed, later.failed);
  if (!ms || calls === undefined || failed === undefined) return undefined;
  return { calls: (calls * 1_000) / ms, failed: (failed * 1_000) / ms };
}

/** Of two amounts that only grow. */
function difference(before: unknown, after: unknown): number | undefined {
  const [from, to] = [amountOf(before), amountOf(after)];
  return from === undefined || to === undefined || to < from ? undefined : to - from;
}
