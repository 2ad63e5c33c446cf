import { ListenerError } from './errors.js';
import { headerTokens } from './request-head.js';
import type { HttpAnswer, RequestHead } from './types.js';

/** Whether a request wants to become a WebSocket. Anything else, `Upgrade: h2c` included, is an ordinary request. */
export function wantsWebSocket(head: RequestHead): boolean {
  return (
    head.method === 'GET' &&
    headerTokens(head, 'upgrade').includes('websocket') &&
    headerTokens(head, 'connection').includes('upgrade')
  );
}

/** 16 bytes in base64 (RFC 6455 §4.1). */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** The 400 a malformed handshake gets (spec/protocol.md §1.2), or undefined when the handshake is sound. */
export function handshakeFault(head: RequestHead): HttpAnswer | undefined {
  const version = head.header('sec-websocket-version');
  if (version !== '13') {
    return refuse('Sec-WebSocket-Version must be 13\n', [['sec-websocket-version', '13']]);
  }
  const key = head.header('sec-websocket-key');
  if (key === undefined || !KEY.test(key)) {
    return refuse('Sec-WebSocket-Key must be 16 bytes in base64\n');
  }
  return undefined;
}

function refuse(body: string, headers: HttpAnswer['headers'] = []): HttpAnswer {
  return { status: 400, headers: [['content-type', 'text/plain; charset=utf-8'], ...headers], body };
}

/** Refuses to answer with a sub-protocol that the client did not offer: it would fail the connection. */
export function checkProtocol(head: RequestHead, protocol: string | undefined): void {
  if (protocol === undefined) return;
  const offered = head.headers
    .filter(([name]) => name === 'sec-websocket-protocol')
    .flatMap(([, value]) => value.split(',').map((token) => token.trim()));
  if (!offered.includes(protocol)) {
    throw new ListenerError(
      'protocol_not_offered',
      `sub-protocol ${JSON.stringify(protocol)} was not offered (offered: ${offered.join(', ') || 'none'})`,
    );
  }
}
