import { LIMITS } from 'iii-protocol';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bounds of this worker. Bytes and milliseconds, where nothing else is said. */
export const STATE_LIMITS = {
  /** One result, or the payload of one event: with what the engine puts around it, it has to fit into a message. */
  resultBytes: LIMITS.maxMessageBytes - 64 * KIB,
  /** One page of `state::scan`; the item that passes it is still part of it. */
  pageBytes: 8 * MIB,
  /** Items of one page of `state::scan`, when nobody says otherwise and at most. */
  pageItems: 100,
  maxPageItems: 10_000,
  /** Operations of one `state::transaction`. */
  transactionOperations: 1_000,
  /** Longest life a value may be given: what a record can hold. */
  maxTtlMs: 100 * 365 * 24 * 3_600_000,
  /** Pause between two sweeps of what has expired; nobody sees it in the meantime. */
  sweepPauseMs: 100,
  /** Longest pause, so that a wall clock that was set forward is noticed. */
  maxSweepPauseMs: 60_000,
  /** Pause after a sweep that failed. */
  sweepRetryMs: 5_000,
  /** What one sweep deletes at most. */
  sweepItems: 256,
  /** What an event that waits counts for beside its payload. */
  eventOverheadBytes: 256,
} as const;
