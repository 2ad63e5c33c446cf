import { DEFAULT_QUEUE_SETTINGS, type FunctionQueueConfig } from '../config.js';

/** How jobs of one queue are delivered; what a named queue and a subscriber have in common. */
export interface LineSettings {
  /** Whether jobs of one lane wait for each other. */
  readonly isFifo: boolean;
  /** Jobs at work at a time; 0 starts none. */
  readonly concurrency: number;
  readonly maxRetries: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** 0 to 1. */
  readonly jitter: number;
  readonly timeoutMs: number;
  /** Jobs at work for one concurrency key. */
  readonly perKey: number;
  readonly rateLimit: { readonly max: number; readonly per_ms: number } | undefined;
  readonly maxDisconnects: number;
  readonly missingTtlMs: number | undefined;
  readonly deadMax: number | undefined;
  readonly deadTtlMs: number | undefined;
  /** Function that decides whether a job is run at all. */
  readonly condition: string | undefined;
  /** Goes with every delivery. */
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
  /** Whether jobs may be started: nobody has paused it, and somebody is there to take them. */
  readonly isOpen: boolean;
}

export function lineSettings(config: FunctionQueueConfig, isPaused: boolean): LineSettings {
  return {
    isFifo: config.type === 'fifo',
    concurrency: config.concurrency,
    maxRetries: config.max_retries,
    backoffMs: config.backoff_ms,
    maxBackoffMs: config.max_backoff_ms,
    jitter: config.jitter,
    timeoutMs: config.timeout_ms,
    perKey: config.concurrency_per_key,
    rateLimit: config.rate_limit,
    maxDisconnects: config.max_disconnect_redeliveries,
    missingTtlMs: config.missing_function_ttl_ms,
    deadMax: config.dlq_max_messages,
    deadTtlMs: config.dlq_ttl_ms,
    condition: undefined,
    metadata: undefined,
    isOpen: !isPaused && !config.paused,
  };
}

/** A destination whose subscribers are not there: its jobs wait. */
export const OFFLINE: LineSettings = { ...lineSettings(DEFAULT_QUEUE_SETTINGS, true), isOpen: false };
