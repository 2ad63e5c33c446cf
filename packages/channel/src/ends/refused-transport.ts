import type { ChannelClosedError } from './errors.js';
import type { Transport, TransportEvents } from './transport.js';

const ignore = () => {};

/** The connection that never was: says why, once its caller has it. */
export function refusedTransport(events: TransportEvents, error: ChannelClosedError): Transport {
  process.nextTick(() => events.closed(1006, '', error));
  return {
    hasCredit: false,
    sendText: ignore,
    sendBinary: ignore,
    pause: ignore,
    resume: ignore,
    close: ignore,
    terminate: ignore,
  };
}
