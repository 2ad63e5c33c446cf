import { IncomingMessage } from 'node:http';
import { unmapAddress } from '../address.js';
import { Head } from '../request-head.js';
import type { RequestHead } from '../types.js';
import { handshakeFault, wantsWebSocket } from '../upgrade.js';

const ASKED = Symbol('asked to upgrade');

/**
 * node:http hands every request with an `Upgrade` header to the `upgrade` event, without a parsed body, as soon as
 * there is a listener for it. Through this accessor it takes only sound WebSocket handshakes for upgrades; `Upgrade:
 * h2c` and malformed handshakes stay ordinary requests.
 */
export class Incoming extends IncomingMessage {
  declare private [ASKED]: boolean;

  get upgrade(): boolean {
    if (!this[ASKED]) return false;
    const head = headOf(this);
    return wantsWebSocket(head) && handshakeFault(head) === undefined;
  }

  set upgrade(asked: boolean) {
    this[ASKED] = asked;
  }
}

/** The head of a request as sent. */
export function headOf(request: IncomingMessage): RequestHead {
  const { rawHeaders, url = '', method = '' } = request;
  const headers: Array<readonly [string, string]> = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.push([rawHeaders[index]?.toLowerCase() ?? '', rawHeaders[index + 1] ?? '']);
  }
  const mark = url.indexOf('?');
  return new Head(
    method,
    mark === -1 ? url : url.slice(0, mark),
    mark === -1 ? '' : url.slice(mark + 1),
    headers,
    unmapAddress(request.socket.remoteAddress ?? ''),
  );
}
