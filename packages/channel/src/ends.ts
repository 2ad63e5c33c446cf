export {
  ChannelClosedError,
  ChannelError,
  type ChannelErrorCode,
  channelErrors,
} from './ends/errors.js';
export { maskOptions } from './ends/masks.js';
export { ChannelReader } from './ends/reader.js';
export { extractChannelRefs, isChannelRef, materializeRefs } from './ends/refs.js';
export { refusedTransport } from './ends/refused-transport.js';
export type {
  ChannelRef,
  ChannelRef as StreamChannelRef,
  Connect,
  EndOptions,
  Transport,
  TransportEvents,
} from './ends/transport.js';
export { type ConnectWebSocketOptions, connectWebSocket } from './ends/websocket-transport.js';
export { ChannelWriter } from './ends/writer.js';
export { CREDIT_PROTOCOL } from './wire.js';
