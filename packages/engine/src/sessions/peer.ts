import type { EngineFrame, InvocationResultFrame, MemberStamp } from 'iii-protocol';

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
  /** @param stamp to be put into the payload of a call, which has to be an object without that member. */
  send(frame: EngineFrame, stamp?: MemberStamp): Delivery;
  /** @param bytes the same frame on the wire, so that it need not be written again. */
  forward(frame: InvocationResultFrame, bytes: Uint8Array): Delivery;
  /** Short frames may come together from now on. */
  takesBatches(): void;
  /** Learns from now on that messages above this size must not be sent. */
  limitMessages(bytes: number): void;
  /** Asks for a sign of life; no-op for a worker in this process. */
  ping(): void;
  /** Says goodbye with a close code. */
  close(code: number, reason: string): void;
  /** Cuts the connection without a word. */
  terminate(): void;
}
