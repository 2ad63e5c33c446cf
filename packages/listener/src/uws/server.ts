import { bindError } from '../bind-error.js';
import { IncomingRequest } from '../body.js';
import { serveRequest } from '../dispatch.js';
import { ListenerError } from '../errors.js';
import { announcesBody } from '../framing.js';
import type { Settings, StartDriver } from '../settings.js';
import type { Listener } from '../types.js';
import { probeBind } from './bind-probe.js';
import { openAnswer } from './exchange.js';
import { readHead } from './head.js';
import { UwsListener } from './listener.js';
import type { NativeApp, NativeListenSocket, NativeModule, NativeRequest, NativeResponse } from './native.js';
import { calledFor } from './own-turn.js';
import { Traffic } from './traffic.js';
import { webSocketBehavior } from './upgrades.js';

/** The uws driver, given the library. */
export function uwsDriver(module: NativeModule): StartDriver {
  return async (settings: Settings): Promise<Listener> => {
    module._cfg?.('silent');
    const app = module.App();
    if (typeof app.close !== 'function') {
      throw new ListenerError('driver_unavailable', 'this build of uWebSockets.js has no App.close()');
    }
    const traffic = new Traffic();
    if (settings.onUpgrade !== undefined) app.ws('/*', webSocketBehavior(module, settings, traffic));
    app.any('/*', (res, req) => serve(settings, traffic, res, req));
    const listenSocket = bind(module, app, settings);
    if (listenSocket === undefined) {
      throw bindError(settings.host, settings.port, await probeBind(settings.address, settings.port));
    }
    return new UwsListener(module, app, settings.host, listenSocket, traffic);
  };
}

/** The callback of the library comes before `listen` returns. */
function bind(module: NativeModule, app: NativeApp, settings: Settings): NativeListenSocket | undefined {
  let bound: NativeListenSocket | undefined;
  // Without this flag a second server on the same port would be let in, and share the connections.
  app.listen(settings.address, settings.port, module.LIBUS_LISTEN_EXCLUSIVE_PORT, (socket) => {
    bound = socket === false ? undefined : socket;
  });
  return bound;
}

function serve(settings: Settings, traffic: Traffic, res: NativeResponse, req: NativeRequest): void {
  calledFor(res);
  const head = readHead(res, req);
  const announced = announcesBody(head);
  const { body, response } = openAnswer(settings, traffic, res, head.method, announced === true);
  // Cut, not answered: what follows in the same read would still be taken for the next request.
  if (announced === undefined) response.abort();
  else serveRequest(settings, traffic.draining, new IncomingRequest(head, body), response);
}
