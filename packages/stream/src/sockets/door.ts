import type { HttpAnswer, HttpRequest, HttpResponse, RequestHead, UpgradeDecision } from 'iii-listener';
import type { Log } from 'iii-protocol';
import type { Caller } from '../caller.js';
import type { Settings } from '../config.js';
import { type RefusalCode, refusals } from '../errors.js';
import { readPath } from './address.js';
import { authenticate } from './auth.js';
import type { Sessions } from './sessions.js';

export interface DoorContext {
  readonly settings: Settings;
  readonly sessions: Sessions;
  readonly caller: Caller;
  readonly logger: Log;
  /** Names the subscription of a path. */
  readonly newId: () => string;
}

/** Decides who becomes a socket (spec §2.5, §2.6). */
export class Door {
  constructor(private readonly context: DoorContext) {}

  readonly decide = (request: RequestHead): UpgradeDecision | Promise<UpgradeDecision> => {
    const { sessions, newId } = this.context;
    const { config } = this.context.settings;
    const place = readPath(request.path);
    if (place === undefined) return { reject: refusal('NOT_FOUND') };
    const origin = request.header('origin');
    // Only pages are held to it: other programs say of themselves what they like.
    if (config.allowed_origins.length > 0 && origin !== undefined && !config.allowed_origins.includes(origin))
      return { reject: refusal('ORIGIN_NOT_ALLOWED') };
    if (!sessions.hasRoom) return { reject: refusal('TOO_MANY_SOCKETS') };
    return sessions.arriving(
      authenticate(request, config, this.context).then((identity): UpgradeDecision => {
        if (identity === undefined) return { reject: refusal('UNAUTHORIZED') };
        const joins = place.join && { ...place.join, subscriptionId: newId() };
        return { accept: (socket) => sessions.open(socket, identity, joins), ...protocolOf(request) };
      }),
    );
  };

  readonly answer = (request: HttpRequest, response: HttpResponse): void => {
    const {
      status,
      headers = [],
      body,
    } = refusal(readPath(request.path) === undefined ? 'NOT_FOUND' : 'UPGRADE_REQUIRED');
    response.send(status, headers, body);
  };
}

function refusal(code: RefusalCode): HttpAnswer {
  const { status, message } = refusals[code];
  return {
    status,
    headers: [['content-type', 'application/json']],
    body: JSON.stringify({ error: { code, message } }),
  };
}

/** Browsers fail where none of what they offered is agreed to; they offer tokens this way (§2.13.16). */
function protocolOf(request: RequestHead): { readonly protocol?: string } {
  const [first = ''] = (request.header('sec-websocket-protocol') ?? '').split(',');
  const protocol = first.trim();
  return protocol === '' ? {} : { protocol };
}
