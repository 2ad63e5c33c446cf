import type { HttpConfig } from '../config.js';
import { type Cors, createCors } from '../response/cors.js';

/** What a request is served with: one snapshot of the configuration for its whole life. */
export interface Settings {
  readonly timeoutMs: number;
  readonly streamGraceMs: number;
  readonly bodyLimit: number;
  readonly cors: Cors;
  /** Ids of global middleware in the order they are called. */
  readonly middlewareIds: readonly string[];
}

export function settingsOf(config: HttpConfig): Settings {
  return {
    timeoutMs: config.default_timeout,
    streamGraceMs: config.stream_grace,
    bodyLimit: config.body_limit,
    cors: createCors(config.cors),
    middlewareIds: config.middleware
      .toSorted((a, b) => a.priority - b.priority)
      .map(({ function_id }) => function_id),
  };
}
