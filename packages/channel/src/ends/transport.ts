import type { Clock } from 'iii-protocol';

/**
 * A connection of one end of a channel, made by {@link Connect}. Either over a WebSocket or inside the process.
 * Methods are safe to call at any time.
 */
export interface Transport {
  /** Whether the sub-protocol of wire.ts was agreed. Known once `opened`. */
  readonly hasCredit: boolean;
  /** `sent` is called when the message has left, or with the reason why it never will. */
  sendText(text: string, sent?: (error?: Error) => void): void;
  /** The bytes are the caller's again, to change and to reuse, once `sent` was called. */
  sendBinary(data: Uint8Array, sent?: (error?: Error) => void): void;
  pause(): void;
  resume(): void;
  /** Starts the closing handshake, which the peer has to complete in time. Ends a pause. */
  close(code: number, reason: string): void;
  /** Cuts the connection. */
  terminate(): void;
}

export interface TransportEvents {
  opened(): void;
  /** Text messages are valid UTF-8. The bytes belong to the receiver. */
  message(data: Uint8Array, isBinary: boolean): void;
  /** Exactly once, also when no connection could be made; then `error` says why. Nothing follows. */
  closed(code: number, reason: string, error?: Error): void;
}

export interface ChannelRef {
  readonly channel_id: string;
  readonly access_key: string;
  readonly direction: 'read' | 'write';
}

/** Connects one end. Never throws: what goes wrong is told with `closed`. Never calls back before it returns. */
export type Connect = (ref: ChannelRef, direction: 'read' | 'write', events: TransportEvents) => Transport;

export interface EndOptions {
  /** Destroys the end with the reason of the signal, which the other end sees as an error. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}
