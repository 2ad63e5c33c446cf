import type { ChannelOffer, ChannelPort, ChannelPortEvents, ChannelRef } from './channel-port.js';
import type { EngineFrame, ErrorBody, WorkerFrame } from './frames.js';

/** What the worker's side of a {@link FramePort} hears. */
export interface FramePortEvents {
  frame(frame: EngineFrame): void;
  /** The engine ended the connection. Nothing follows. */
  closed(reason: string): void;
}

/**
 * A connection to an engine in the same process: frames as objects instead of text on a socket. Payloads are
 * still JSON text, because a value that two workers share is a value that one of them can change under the other.
 */
export interface FramePort {
  send(frame: WorkerFrame): void;
  /** To be called once. Frames that came earlier are delivered then, never inside this call. */
  receive(events: FramePortEvents): void;
  /** Attaches to one end of a channel, without a socket. Its life does not hang on that of this port. */
  attachChannel(
    ref: ChannelRef,
    direction: 'read' | 'write',
    events: ChannelPortEvents,
  ): ChannelPort | 'not_found' | 'taken';
  /**
   * Makes a channel without a call, for ends that may never be used. `claimed` is called once, when the first end is
   * attached. An error body says why there is none to be had.
   */
  offerChannel(claimed: () => void): ChannelOffer | ErrorBody;
  close(): void;
}
