import type { Socket } from 'iii-listener';
import { type EngineFrame, encodeFrame } from 'iii-protocol';
import type { Delivery, Peer } from './peer.js';

/** A worker behind a WebSocket. */
export class SocketPeer implements Peer {
  readonly remoteAddress: string;
  #largestMessage = Number.POSITIVE_INFINITY;
  #gone = false;

  /**
   * @param overflow called once, from a task of its own, when the peer has let more than `maxOutboxBytes` pile up
   *   (protocol.md §19.37).
   */
  constructor(
    private readonly socket: Socket,
    private readonly maxOutboxBytes: number,
    private readonly overflow: () => void,
  ) {
    this.remoteAddress = socket.remoteAddress;
  }

  get isOpen(): boolean {
    return !this.#gone;
  }

  get bufferedBytes(): number {
    return this.socket.bufferedBytes;
  }

  send(frame: EngineFrame): Delivery {
    if (this.#gone) return 'closed';
    const bytes = encodeFrame(frame);
    if (bytes.length > this.#largestMessage) return 'too_large';
    if (this.socket.bufferedBytes + bytes.length > this.maxOutboxBytes) {
      this.#gone = true;
      // Whoever is sending may be in the middle of a loop over sessions: end this one after them.
      queueMicrotask(this.overflow);
      return 'closed';
    }
    if (this.socket.sendText(bytes) !== 'closed') return 'sent';
    this.#gone = true;
    return 'closed';
  }

  limitMessages(bytes: number): void {
    this.#largestMessage = bytes;
  }

  close(code: number, reason: string): void {
    this.#gone = true;
    this.socket.close(code, reason);
  }

  terminate(): void {
    this.#gone = true;
    this.socket.terminate();
  }
}
