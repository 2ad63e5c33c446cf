import { setTimeout as pause } from 'node:timers/promises';
import type { OfficialClient } from './official.js';

/** What comes back for a request. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

/** What a handler is called with, as far as tests look into it. */
export interface Payload {
  readonly path: string;
  readonly method: string;
  readonly path_params: Record<string, string>;
  readonly query_params: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

/** What a route is bound with. */
export interface RouteConfig {
  readonly api_path: string;
  readonly http_method?: string;
  readonly condition_function_id?: string;
  readonly middleware_function_ids?: readonly string[];
}

type Handler = (payload: Payload) => unknown;
type Binding = ReturnType<OfficialClient['registerTrigger']>;

/** One request on a connection of its own. */
export async function ask(url: string, init: RequestInit = {}): Promise<Reply> {
  const headers = { ...(init.headers as Record<string, string>), connection: 'close' };
  const response = await fetch(url, { redirect: 'manual', ...init, headers });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    get json() {
      return JSON.parse(text) as unknown;
    },
  };
}

/** Binds a path of an official client to a function of its own, which is called like the path. */
export function bind(client: OfficialClient, config: RouteConfig, handler: Handler): Binding {
  const method = config.http_method ?? 'GET';
  const function_id = `route::${method} ${config.api_path}`;
  client.registerFunction(function_id, async (payload: Payload) => handler(payload));
  return client.registerTrigger({ type: 'http', function_id, config });
}

/** Methods that a path has routes for. Calls none of them. */
export async function methodsOf(url: string): Promise<readonly string[]> {
  const { headers } = await ask(url, { method: 'OPTIONS' });
  return headers.get('allow')?.split(',') ?? [];
}

/** Resolves once the path has a route for the method, or no longer has one. */
export async function routed(url: string, method = 'GET', isRouted = true): Promise<void> {
  while ((await methodsOf(url)).includes(method) !== isRouted) await pause(5);
}
