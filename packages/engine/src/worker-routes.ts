import type { HttpAnswer, RequestHead } from 'iii-listener';

/** One end of a channel that somebody wants to take (protocol.md §8.2). */
export interface ChannelRequest {
  readonly channelId: string;
  readonly key: string;
  readonly direction: 'read' | 'write';
}

/** Where a request on a worker port belongs (protocol.md §1.2). */
export type WorkerRoute =
  | { readonly kind: 'worker' }
  | { readonly kind: 'telemetry' }
  | { readonly kind: 'channel'; readonly end: ChannelRequest }
  | { readonly answer: HttpAnswer };

/** Besides the official paths, those a reverse proxy passes on that does not strip its prefix (§8.3 of the operations spec). */
const WORKER_PATHS = new Set(['/', '/ws']);
const TELEMETRY_PATHS = new Set(['/otel', '/ws/otel']);
const CHANNEL_PATH = /^\/ws\/channels\/([^/]+)$/;
/** Clients append the path to an address that ends with a query, which leaves it in the query (§19.12). */
const CHANNEL_IN_QUERY = /\/ws\/channels\/([^/?&]+)\?(.*)$/s;

const NOT_FOUND: HttpAnswer = { status: 404 };

export function routeOf(request: RequestHead): WorkerRoute {
  const channel = channelAddress(request);
  if (channel !== undefined) {
    const end = readChannelQuery(channel);
    return 'status' in end ? { answer: end } : { kind: 'channel', end };
  }
  if (WORKER_PATHS.has(request.path)) return { kind: 'worker' };
  if (TELEMETRY_PATHS.has(request.path)) return { kind: 'telemetry' };
  return { answer: NOT_FOUND };
}

/** A request without a WebSocket upgrade: there is nothing to get here but the reason why. */
export function answerPlainRequest(request: RequestHead): HttpAnswer {
  const channel = channelAddress(request);
  const isKnown = WORKER_PATHS.has(request.path) || TELEMETRY_PATHS.has(request.path);
  if (channel === undefined && !isKnown) return NOT_FOUND;
  if (request.method !== 'GET') return { status: 405, headers: [['allow', 'GET']] };
  const end = channel === undefined ? undefined : readChannelQuery(channel);
  return end !== undefined && 'status' in end ? end : text(400, missingUpgrade(request));
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

interface ChannelAddress {
  readonly channelId: string;
  readonly query: string;
}

/** The channel a request names, wherever it does so. */
function channelAddress({ path, query }: RequestHead): ChannelAddress | undefined {
  const inPath = CHANNEL_PATH.exec(path)?.[1];
  if (inPath !== undefined) return { channelId: inPath, query };
  if (!WORKER_PATHS.has(path)) return undefined;
  const [, channelId, rest] = CHANNEL_IN_QUERY.exec(query) ?? [];
  return channelId === undefined || rest === undefined ? undefined : { channelId, query: rest };
}

/** `key` and `dir` exactly once each; anything else in the query is ignored. */
function readChannelQuery({ channelId, query }: ChannelAddress): ChannelRequest | HttpAnswer {
  const members = new URLSearchParams(query);
  const [key, ...otherKeys] = members.getAll('key');
  const [direction, ...otherDirections] = members.getAll('dir');
  if (key === undefined || otherKeys.length > 0) return text(400, 'query needs exactly one "key"');
  if ((direction !== 'read' && direction !== 'write') || otherDirections.length > 0) {
    return text(400, 'query needs exactly one "dir", "read" or "write"');
  }
  return { channelId, key, direction };
}

function text(status: number, body: string): HttpAnswer {
  return { status, headers: [['content-type', 'text/plain; charset=utf-8']], body };
}
