import type { RawJson } from 'iii-protocol';

/** Settings that come with a job and go before those of its queue (spec/worker-queue.md §17.3). */
export interface JobOverrides {
  readonly max_retries?: number;
  readonly backoff_ms?: number;
  readonly max_backoff_ms?: number;
  readonly jitter?: number;
  readonly timeout_ms?: number;
  /** Function that is handed the dead letter. */
  readonly on_failure?: string;
}

/** A job as it was accepted; this part of it never changes. */
export interface Job {
  /** Number in the order of acceptance, unique in the store. */
  readonly seq: number;
  readonly queue: number;
  /** Jobs of one lane are started in order: a function, a group, or a function and a key. */
  readonly lane: string;
  /** 0 to 255. */
  readonly priority: number;
  readonly receipt: string;
  readonly functionId: string;
  readonly namespace: string;
  readonly data: RawJson;
  readonly metadata?: unknown;
  readonly traceparent?: string;
  readonly baggage?: string;
  readonly enqueuedAtMs: number;
  /** Wall time until which it must have been started. */
  readonly expiresAtMs?: number;
  readonly overrides?: JobOverrides;
  /** Bytes of the record it was read from, or written to; no part of it. */
  readonly storedBytes?: number;
  /** Whether that is the record of the place where it waits, and it has none of its own. */
  readonly isInPlace?: true;
  /** Whether its receipt says where that is, so that there is no record of it. Those that are not in place have one. */
  readonly isToldByReceipt?: true;
}

/** One failed attempt. */
export interface Failure {
  readonly attempt: number;
  readonly code: string;
  readonly message: string;
  readonly at_ms: number;
}

/** What has become of a job so far; written with every transition. */
export interface JobState {
  /** Attempts begun, also those that were interrupted. */
  readonly started: number;
  /** Attempts that count against the retries. */
  readonly failed: number;
  /** Attempts that ended with their worker, or with this process, and do not count. */
  readonly interrupted: number;
  /** Wall time before which it is not started again. */
  readonly notBeforeMs?: number;
  /** Wall time since which its function has been missing. */
  readonly missingSinceMs?: number;
  /** Failed attempts, oldest first; the first and the latest of a long history. */
  readonly errors: readonly Failure[];
}

export const NEW_STATE: JobState = { started: 0, failed: 0, interrupted: 0, errors: [] };

/** What has become of a job of which another attempt begins. */
export function begun({ notBeforeMs: _, ...state }: JobState): JobState {
  return { ...state, started: state.started + 1 };
}

/** Failures kept with a job, and characters kept of each message. */
const KEPT_FAILURES = 20;
const KEPT_CHARACTERS = 1_000;

export function withFailure(state: JobState, failure: Failure): JobState {
  const cut = { ...failure, message: failure.message.slice(0, KEPT_CHARACTERS) };
  const errors = [...state.errors, cut];
  const kept = errors.length <= KEPT_FAILURES ? errors : [...errors.slice(0, 1), ...errors.slice(2)];
  return { ...state, failed: state.failed + 1, errors: kept };
}

/** Where a waiting job stands in its lane: higher priority first, then lower order. */
export interface Position {
  readonly priority: number;
  readonly order: number;
}

export function isBefore(a: Position, b: Position): boolean {
  return a.priority === b.priority ? a.order < b.order : a.priority > b.priority;
}

/** A job that waits or is at work. */
export interface Entry extends Position {
  readonly queue: number;
  readonly lane: string;
  readonly seq: number;
  readonly state: JobState;
}

/** Jobs of a queue by where they are, and what became of others since it was made. */
export interface Counts {
  /** Those at work included. */
  readonly waiting: number;
  readonly delayed: number;
  readonly dead: number;
  readonly enqueued: number;
  readonly delivered: number;
  /** Dead letters there ever were. */
  readonly failed: number;
  readonly retried: number;
}

export const NO_COUNTS: Counts = {
  waiting: 0,
  delayed: 0,
  dead: 0,
  enqueued: 0,
  delivered: 0,
  failed: 0,
  retried: 0,
};
