export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The `*_key` members are names of environment variables of the engine, never the secrets themselves. */
export type HttpAuthConfig =
  | { type: 'hmac'; secret_key: string }
  | { type: 'bearer'; token_key: string }
  | { type: 'api_key'; header: string; value_key: string };

/** A function that the engine calls over HTTP instead of asking a worker. */
export interface HttpInvocationConfig {
  url: string;
  /** Default `POST`. */
  method?: HttpMethod;
  timeout_ms?: number;
  headers?: Record<string, string>;
  auth?: HttpAuthConfig;
}
