/** What an update operation may ask for (workers-state-stream-pubsub-cron.md §1.5.3, §1.5.5). */
export const OPERATION_LIMITS = {
  pathSegments: 32,
  /** Bytes in UTF-8. */
  segmentBytes: 256,
  mergeKeys: 1_024,
  /** Levels of objects and arrays, the merged object included. */
  mergeDepth: 16,
} as const;

/** Names that change how JavaScript objects behave. Readers of a document may not use Maps. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
