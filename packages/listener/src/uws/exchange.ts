import type { Settings } from '../settings.js';
import { UwsBody } from './body.js';
import type { NativeResponse } from './native.js';
import { UwsResponse } from './response.js';
import type { Traffic } from './traffic.js';

/**
 * The two directions of one request, tied together: the answer drops the body, a blocked answer keeps the body from
 * pausing the connection, and a lost client ends both. Must be called before the handler of the library returns.
 */
export function openAnswer(
  settings: Settings,
  traffic: Traffic,
  res: NativeResponse,
  method: string,
  announcesBody: boolean,
): { body: UwsBody; response: UwsResponse } {
  const exchange = {
    method,
    report: settings.report,
    draining: () => traffic.draining,
    settled: () => body.drop(),
    ended: () => traffic.ended(response),
    inOwnTurn: (work: () => void) => traffic.ownTurn.run(work),
  };
  const response: UwsResponse = new UwsResponse(res, exchange, () => body);
  const body: UwsBody = new UwsBody(res, announcesBody, settings.report, response);
  res.onAborted(() => {
    response.lost();
    body.lost();
  });
  traffic.began(response);
  return { body, response };
}
