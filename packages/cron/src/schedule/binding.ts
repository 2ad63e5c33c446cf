import { hash } from 'node:crypto';
import type { DayNumbering } from '../expression/fields.js';
import type { Timetable } from '../time/timetable.js';

/** What is done about occurrences nobody was there for: nothing, or the last of them is made up for. */
export type CatchUp = 'none' | 'last';
/** What is done about an occurrence that comes while the one before is at work. */
export type Overlap = 'skip' | 'queue';

/** A trigger of type `cron`, read. */
export interface Binding {
  readonly id: string;
  readonly functionId: string;
  readonly namespace: string;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
  readonly conditionFunctionId: string | undefined;
  /** As it was written. */
  readonly expression: string;
  readonly canonical: string;
  readonly numbering: DayNumbering | undefined;
  readonly timetable: Timetable;
  readonly catchUp: CatchUp;
  readonly overlap: Overlap;
  readonly timeoutMs: number;
  readonly jitterMs: number;
  /** What the trigger says it is the same as, whatever else it says. */
  readonly key: string | undefined;
}

/**
 * What two triggers have in common that are one schedule, bound by replicas of one worker: of all of them together each
 * instant is had once (workers-state-stream-pubsub-cron.md §4.9 item 2). It outlives the process, and its length is
 * bounded whatever was bound.
 */
export function identityOf(binding: Omit<Binding, 'id'>): string {
  const { namespace, functionId, canonical, timetable, conditionFunctionId, metadata, key } = binding;
  const parts =
    key === undefined
      ? [namespace, functionId, canonical, timetable.zone.name, conditionFunctionId ?? null, sorted(metadata)]
      : [namespace, key];
  // In one go, without an object for it: that is most of what a short text costs.
  return hash('sha256', JSON.stringify(parts), 'hex').slice(0, 32);
}

/** The same for objects whose members are in another order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => [name, sorted(member)]);
}
