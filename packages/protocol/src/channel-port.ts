/** The right to attach to one end of a channel, once (protocol.md §8.1). */
export interface ChannelRef {
  readonly channel_id: string;
  readonly access_key: string;
  readonly direction: 'read' | 'write';
}

/** A channel of which one end is handed out; the other is to be attached when somebody has attached that one. */
export interface ChannelOffer {
  readonly refs: { readonly writer: ChannelRef; readonly reader: ChannelRef };
  /** Nobody may attach any more. Does nothing once an end is attached. */
  withdraw(): void;
}

/** A connection of one end of a channel, over a WebSocket or inside the process. Safe to use after its end. */
export interface ChannelPort {
  /** Whether the sub-protocol with credit was agreed. Known once `opened`. */
  readonly hasCredit: boolean;
  /** `sent` is called when the message has left, or with the reason why it never will. */
  sendText(text: string, sent?: (error?: Error) => void): void;
  /** The bytes are the caller’s again, to change and to reuse, once `sent` was called. */
  sendBinary(data: Uint8Array, sent?: (error?: Error) => void): void;
  pause(): void;
  resume(): void;
  /** Starts the closing handshake; the peer has 5 s to complete it. Ends a pause. */
  close(code: number, reason: string): void;
  /** Cuts the connection. */
  terminate(): void;
}

/** What the holder of a {@link ChannelPort} hears, never from inside a call of its own. */
export interface ChannelPortEvents {
  opened(): void;
  /** Text messages are valid UTF-8. The bytes belong to the receiver. */
  message(data: Uint8Array, isBinary: boolean): void;
  /** Exactly once, also when no connection could be made; then `error` says why. Nothing follows. */
  closed(code: number, reason: string, error?: Error): void;
}
