import type { HttpAnswer, RequestHead } from 'iii-listener';

/** Where a request on a worker port belongs (protocol.md §1.2). */
export type WorkerRoute =
  | { readonly kind: 'worker' }
  | { readonly kind: 'telemetry' }
  | { readonly answer: HttpAnswer };

/** Besides the official paths, those a reverse proxy passes on that does not strip its prefix (§8.3 of the operations spec). */
const WORKER_PATHS = new Set(['/', '/ws']);
const TELEMETRY_PATHS = new Set(['/otel', '/ws/otel']);
const CHANNEL_PATH = /^\/ws\/channels\/[^/]+$/;

const NOT_FOUND: HttpAnswer = { status: 404 };

export function routeOf(request: RequestHead): WorkerRoute {
  if (WORKER_PATHS.has(request.path)) return { kind: 'worker' };
  if (TELEMETRY_PATHS.has(request.path)) return { kind: 'telemetry' };
  if (CHANNEL_PATH.test(request.path)) {
    return { answer: channelQueryProblem(request) ?? { status: 404, body: 'Channel not found' } };
  }
  return { answer: NOT_FOUND };
}

/** A request without a WebSocket upgrade: there is nothing to get here but the reason why. */
export function answerPlainRequest(request: RequestHead): HttpAnswer {
  const isChannel = CHANNEL_PATH.test(request.path);
  if (!isChannel && !WORKER_PATHS.has(request.path) && !TELEMETRY_PATHS.has(request.path)) return NOT_FOUND;
  if (request.method !== 'GET') return { status: 405, headers: [['allow', 'GET']] };
  const problem = isChannel ? channelQueryProblem(request) : undefined;
  return problem ?? text(400, missingUpgrade(request));
}

function missingUpgrade(request: RequestHead): string {
  if (!hasToken(request.header('connection'), 'upgrade')) return 'Connection header must include "upgrade"';
  if (!hasToken(request.header('upgrade'), 'websocket')) return 'Upgrade header must include "websocket"';
  if (request.header('sec-websocket-version') !== '13') return 'Sec-WebSocket-Version must be 13';
  return 'Sec-WebSocket-Key is missing or malformed';
}

function hasToken(header: string | undefined, token: string): boolean {
  return header?.split(',').some((part) => part.trim().toLowerCase() === token) ?? false;
}

/** `key` and `dir` exactly once each; anything else in the query is ignored. */
function channelQueryProblem(request: RequestHead): HttpAnswer | undefined {
  const query = new URLSearchParams(request.query);
  const keys = query.getAll('key');
  const dirs = query.getAll('dir');
  if (keys.length !== 1) return text(400, 'query needs exactly one "key"');
  if (dirs.length !== 1 || !['read', 'write'].includes(dirs[0] ?? '')) {
    return text(400, 'query needs exactly one "dir", "read" or "write"');
  }
  return undefined;
}

function text(status: number, body: string): HttpAnswer {
  return { status, headers: [['content-type', 'text/plain; charset=utf-8']], body };
}
