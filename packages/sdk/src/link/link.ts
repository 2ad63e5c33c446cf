import type { Connect } from 'iii-channel/ends';
import type { ChannelOffer, Extension } from 'iii-protocol';
import type { IIIConnectionState } from '../runtime.js';
import type { IncomingMessage, OutgoingMessage } from './message.js';

/** What a client hears of its connection. */
export interface LinkEvents {
  /** A connection stands. What is sent from inside this call is the first the engine hears. */
  up(): void;
  message(message: IncomingMessage): void;
  /** The connection is lost. Whether another is tried is told by {@link state}. */
  down(reason: string): void;
  state(state: IIIConnectionState): void;
  /** Another attempt is made after `delayMs`. Attempts count from 1. */
  retrying(delayMs: number, attempt: number): void;
  /** Something went wrong that nobody waits for. */
  problem(message: string, error: unknown): void;
}

/** A message made ready: no longer connected to the values it was made from. */
export interface Outgoing {
  /** What keeping it costs, in bytes or close to it. */
  readonly size: number;
}

/** How a client reaches its engine. Two kinds: over a WebSocket, and inside one process. */
export interface Link {
  /** Base address for people and for channels. */
  readonly address: string;
  /** Connects one end of a channel. Its life does not hang on that of the link. */
  readonly connectChannel: Connect;
  /**
   * Makes a channel without a call, where the engine is near enough for that: see `FramePort.offerChannel`.
   * @throws InvocationError when there is none to be had.
   */
  offerChannel?(claimed: () => void): ChannelOffer;
  /** Starts connecting, and keeps at it until {@link close}. To be called once. */
  open(events: LinkEvents): void;
  /** @throws TypeError when the message has no JSON form. */
  prepare(message: OutgoingMessage): Outgoing;
  /** Sends what {@link prepare} made; false when there is no connection. */
  send(outgoing: Outgoing): boolean;
  /** Cuts the connection and makes no other, after the engine has refused this worker for good. */
  abandon(): void;
  /** What the connection that stands now may be used for; to be called at most once for each. */
  agreed?(extensions: readonly Extension[]): void;
  /** Says goodbye. Resolves when the connection is gone, or the peer has had its time. */
  close(): Promise<void>;
}
