import type { HttpConfig } from '../config.js';
import { createFinish, type Finish } from '../response/finish.js';

/** What a request is served with: one snapshot of the configuration for its whole life. */
export interface Settings {
  readonly timeoutMs: number;
  readonly streamGraceMs: number;
  readonly bodyLimit: number;
  /** Lower-case name of the header with the ids of requests; null where they have none. */
  readonly requestIdHeader: string | null;
  readonly finish: Finish;
  /** Ids of global middleware in the order they are called. */
  readonly middlewareIds: readonly string[];
}

export function settingsOf(config: HttpConfig): Settings {
  return {
    timeoutMs: config.default_timeout,
    streamGraceMs: config.stream_grace,
    bodyLimit: config.body_limit,
    requestIdHeader: config.request_id_header?.toLowerCase() ?? null,
    finish: createFinish(config),
    middlewareIds: config.middleware
      .toSorted((a, b) => a.priority - b.priority)
      .map(({ function_id }) => function_id),
  };
}
