/** For siblings: clients over other links than the WebSocket that `registerWorker` makes. */
export { ChannelOffers, channelOffers, type OfferedEnd } from './client/channel-offers.js';
export { type ClientOptions, createClient } from './client/client.js';
export {
  type CallExtras,
  type RawCalls,
  type RawHandler,
  type RawTriggerRequest,
  rawCalls,
} from './client/raw-calls.js';
export { currentTrace, type TraceHeaders, withTrace } from './client/trace.js';
export type { Link, LinkEvents, Outgoing } from './link/link.js';
export { MemoryLink } from './link/memory-link.js';
export type { IncomingMessage, OutgoingMessage } from './link/message.js';
export { RawValue } from './link/raw-value.js';
export { type JsonText, WebSocketLink, type WebSocketLinkOptions } from './link/websocket-link.js';
