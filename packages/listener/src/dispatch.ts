import type { Settings } from './settings.js';
import type { HttpAnswer, HttpRequest, HttpResponse, RequestHead, UpgradeDecision } from './types.js';
import { checkProtocol, handshakeFault, wantsWebSocket } from './upgrade.js';

const CLOSING: HttpAnswer = {
  status: 503,
  headers: [['connection', 'close']],
  body: 'this port is closing\n',
};
const FAILED: HttpAnswer = { status: 500 };

/** Gives a request to the owner of the port; what the owner throws ends this request and nothing else. */
export function serveRequest(
  settings: Settings,
  draining: boolean,
  request: HttpRequest,
  response: HttpResponse,
): void {
  const refusal = draining ? CLOSING : handshakeRefusal(settings, request);
  if (refusal !== undefined) {
    answer(response, refusal);
    return;
  }
  try {
    settings.onRequest(request, response);
  } catch (error) {
    settings.report(error);
    try {
      answer(response, FAILED);
    } catch {
      // Too late for a status: the client must at least see that the answer is incomplete.
      response.abort();
    }
  }
}

function handshakeRefusal({ onUpgrade }: Settings, request: HttpRequest): HttpAnswer | undefined {
  return onUpgrade !== undefined && wantsWebSocket(request) ? handshakeFault(request) : undefined;
}

export function answer(response: HttpResponse, { status, headers, body }: HttpAnswer): void {
  response.send(status, headers, body);
}

/**
 * Asks the owner whether to accept a sound handshake. Never throws or rejects: an owner that fails refuses with 500.
 * The answer is only a promise when the owner's was, so that a synchronous decision stays one.
 */
export function decideUpgrade(
  settings: Settings,
  draining: () => boolean,
  head: RequestHead,
): UpgradeDecision | Promise<UpgradeDecision> {
  const { onUpgrade, report } = settings;
  const failed = (error: unknown): UpgradeDecision => {
    report(error);
    return { reject: FAILED };
  };
  const checked = (decision: UpgradeDecision): UpgradeDecision => {
    if (draining()) return { reject: CLOSING };
    if ('accept' in decision) checkProtocol(head, decision.protocol);
    return decision;
  };
  if (draining() || onUpgrade === undefined) return { reject: CLOSING };
  try {
    const decision = onUpgrade(head);
    return 'then' in decision ? Promise.resolve(decision).then(checked).catch(failed) : checked(decision);
  } catch (error) {
    return failed(error);
  }
}
