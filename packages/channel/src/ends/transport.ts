import type { ChannelPort, ChannelPortEvents, ChannelRef, Clock } from 'iii-protocol';

export type { ChannelRef } from 'iii-protocol';

/** A connection of one end of a channel, made by {@link Connect}. */
export type Transport = ChannelPort;
export type TransportEvents = ChannelPortEvents;

/** Connects one end. Never throws: what goes wrong is told with `closed`. Never calls back before it returns. */
export type Connect = (ref: ChannelRef, direction: 'read' | 'write', events: TransportEvents) => Transport;

export interface EndOptions {
  /** Destroys the end with the reason of the signal, which the other end sees as an error. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}
