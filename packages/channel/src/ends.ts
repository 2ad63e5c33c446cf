export type { ChannelRef, Connect, Transport, TransportEvents } from './ends/transport.js';
export { CREDIT_PROTOCOL } from './wire.js';
