import type { EngineFrame } from 'iii-protocol';

/**
 * `sent`: accepted by the connection. `closed`: the connection is gone. `too_large`: the peer could not have read
 * a message of this size, so it was not sent.
 */
export type Delivery = 'sent' | 'closed' | 'too_large';

/** The far side of a session: a socket, or a worker in this process. Safe to use after its end. */
export interface Peer {
  /** Address without port; undefined for a worker in this process. */
  readonly remoteAddress: string | undefined;
  readonly isOpen: boolean;
  /** Bytes waiting to be taken by the peer. */
  readonly bufferedBytes: number;
  send(frame: EngineFrame): Delivery;
  /** Learns from now on that messages above this size must not be sent. */
  limitMessages(bytes: number): void;
  /** Asks for a sign of life; no-op for a worker in this process. */
  ping(): void;
  /** Says goodbye with a close code. */
  close(code: number, reason: string): void;
  /** Cuts the connection without a word. */
  terminate(): void;
}
