import { answer, decideUpgrade } from '../dispatch.js';
import { LARGEST_FRAME_BYTES } from '../send-queue.js';
import type { Settings } from '../settings.js';
import type { RequestHead, UpgradeDecision } from '../types.js';
import { handshakeFault, wantsWebSocket } from '../upgrade.js';
import { openAnswer } from './exchange.js';
import { readHead } from './head.js';
import type { NativeBehavior, NativeContext, NativeModule, NativeResponse } from './native.js';
import { calledFor } from './own-turn.js';
import type { UwsResponse } from './response.js';
import { UwsSocket } from './socket.js';
import type { Traffic } from './traffic.js';

/** What travels with a native socket. */
interface SocketData {
  readonly socket: UwsSocket;
}

/** An upgrade request that is being decided, with what the library wants back to complete it. */
interface Candidate {
  readonly head: RequestHead;
  readonly res: NativeResponse;
  readonly context: NativeContext;
  readonly response: UwsResponse;
}

/**
 * Bytes the library itself lets wait for a peer. Of messages it is never given as much; this bounds the answers to the
 * pings of a peer that does not read them, of which it drops the rest.
 */
const MAX_BACKPRESSURE = 4 * LARGEST_FRAME_BYTES;

/** How WebSockets are taken in, and who hears of their events. */
export function webSocketBehavior(
  module: NativeModule,
  settings: Settings,
  traffic: Traffic,
): NativeBehavior<SocketData> {
  return {
    compression: module.DISABLED,
    maxPayloadLength: hardLimit(settings.maxMessageBytes),
    maxBackpressure: MAX_BACKPRESSURE,
    maxLifetime: 0,
    idleTimeout: 0,
    sendPingsAutomatically: false,
    upgrade(res, req, context) {
      calledFor(res);
      const head = readHead(res, req);
      // The library asks for a key of the right length and nothing else. What is not a sound handshake is an
      // ordinary request, which the other route answers.
      if (!wantsWebSocket(head) || handshakeFault(head) !== undefined) {
        req.setYield(true);
        return;
      }
      const { response } = openAnswer(settings, traffic, res, head.method, false);
      const candidate = { head, res, context, response };
      const decision = decideUpgrade(settings, () => traffic.draining, head);
      if (decision instanceof Promise)
        void decision.then((late) => settle(settings, traffic, candidate, late));
      else settle(settings, traffic, candidate, decision);
    },
    open: (ws) => ws.getUserData().socket.opened(ws),
    message(ws, data, isBinary) {
      calledFor(ws);
      ws.getUserData().socket.message(data, isBinary);
    },
    drain: (ws) => ws.getUserData().socket.drained(),
    ping: (ws) => ws.getUserData().socket.pinged(),
    pong: (ws) => ws.getUserData().socket.ponged(),
    close(ws, code, reason) {
      const { socket } = ws.getUserData();
      traffic.closed(socket);
      socket.closed(code, Buffer.from(reason).toString());
    },
  };
}

/**
 * Past its limit the library cuts the connection without a close frame. A message that is too large, but not beyond
 * this, is received, thrown away and answered with 1009, so that an honest peer learns why.
 */
function hardLimit(maxMessageBytes: number): number {
  return Math.min(maxMessageBytes + Math.max(maxMessageBytes, 1024 * 1024), 2 ** 31 - 1);
}

function settle(settings: Settings, traffic: Traffic, candidate: Candidate, decision: UpgradeDecision): void {
  const { head, res, context, response } = candidate;
  // The client did not wait for the decision.
  if (response.closed) return;
  if ('reject' in decision) {
    try {
      answer(response, decision.reject);
    } catch (error) {
      settings.report(error);
      response.abort();
    }
    return;
  }
  const { accept, protocol } = decision;
  const socket = new UwsSocket({
    remoteAddress: head.remoteAddress,
    protocol,
    maxMessageBytes: settings.maxMessageBytes,
    closeTimeoutMs: settings.closeTimeoutMs,
    turn: traffic.turn,
    arrivals: traffic.arrivals,
    report: settings.report,
    accept,
  });
  traffic.opened(socket);
  response.lost();
  const key = head.header('sec-websocket-key') ?? '';
  // The extensions are those to answer with: none, whatever was offered.
  res.cork(() => res.upgrade({ socket }, key, protocol ?? '', '', context));
}
