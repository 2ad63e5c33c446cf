/**
 * One attached end as the hub sees it: a WebSocket, or a worker in the engine’s process. `send*` give `closed` when
 * it is gone; methods are safe to call at any time.
 */
export interface Endpoint {
  /** Whether the sub-protocol of wire.ts was agreed. */
  readonly hasCredit: boolean;
  /** Whether `pause` stops what the peer sends. */
  readonly canPause: boolean;
  /** Largest message the peer can receive, in bytes; Infinity when unknown. */
  readonly maxMessageBytes: number;
  /** Bytes accepted by `send*` that have not left. */
  readonly bufferedBytes: number;
  sendText(text: string): 'sent' | 'buffered' | 'closed';
  sendBinary(data: Uint8Array): 'sent' | 'buffered' | 'closed';
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
}

/** What the hub wants to hear of an end it accepted. Nothing follows `closed`. */
export interface EndpointEvents {
  /** Text messages are valid UTF-8. The bytes belong to the hub. */
  message(data: Uint8Array, isBinary: boolean): void;
  /** After `buffered`: everything has left. */
  drained(): void;
  /** 1005: close frame without a code; 1006: lost. */
  closed(code: number, reason: string): void;
}
