/**
 * One attached end as the hub sees it: a WebSocket, or a worker in the engine’s process. `send*` give `closed` when
 * it is gone, and {@link EndpointEvents.closed} says how, if the hub did not close it. Methods are safe to call at
 * any time. Events should not be told from within a call of them; where they are, nothing breaks but the stack may grow.
 */
export interface Endpoint {
  /** Whether the sub-protocol of wire.ts was agreed. */
  readonly hasCredit: boolean;
  /**
   * Whether `pause` stops what the peer sends. False is right also where it would, for a peer that takes an
   * unanswered ping for a dead connection (sdk-python-rust.md: Python writers): what it sends is spooled instead.
   */
  readonly canPause: boolean;
  /** Largest message the peer can receive, in bytes; Infinity when unknown. */
  readonly maxMessageBytes: number;
  /** Bytes accepted by `send*` that have not left. */
  readonly bufferedBytes: number;
  /** Bytes are UTF-8. Neither they nor those of `sendBinary` change any more. */
  sendText(text: string | Uint8Array): 'sent' | 'buffered' | 'closed';
  sendBinary(data: Uint8Array): 'sent' | 'buffered' | 'closed';
  pause(): void;
  resume(): void;
  /** A reason longer than 123 bytes is cut. What the peer sends from here on is of no interest any more. */
  close(code: number, reason: string): void;
}

/** What the hub wants to hear of an end it accepted. Nothing follows `closed`. */
export interface EndpointEvents {
  /** Text messages are valid UTF-8. The bytes belong to the hub. */
  message(data: Uint8Array, isBinary: boolean): void;
  /** After `buffered`: everything has left. */
  drained(): void;
  /** Exactly once, unless the hub closed it: then it makes no difference. 1005: close frame without a code; 1006: lost. */
  closed(code: number, reason: string): void;
}
