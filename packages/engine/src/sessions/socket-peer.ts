import type { SendOutcome, Socket } from 'iii-listener';
import {
  type EngineFrame,
  encodeFrame,
  encodeInPieces,
  type InvocationResultFrame,
  joinFrames,
  type MemberStamp,
} from 'iii-protocol';
import type { Indebted, OutboxBudget } from './outbox-budget.js';
import type { Delivery, Peer } from './peer.js';

/** A payload from this size on is not copied into its frame: what others would wait for that is noticeable. */
const LONG_PAYLOAD_BYTES = 512 * 1024;

export interface SocketPeerOptions {
  /** Bytes that may wait for this peer (protocol.md §19.37). */
  readonly maxOutboxBytes: number;
  readonly budget: OutboxBudget;
  /** Called once, from a task of its own, when the peer has let too much pile up. */
  readonly overflow: () => void;
}

/** A worker behind a WebSocket. */
export class SocketPeer implements Peer, Indebted {
  readonly remoteAddress: string;
  #largestMessage = Number.POSITIVE_INFINITY;
  #gone = false;
  /** Whether anything waits for it, as far as is known. Asking the socket for every frame would cost more. */
  #isBehind = false;
  #isWaiting = false;

  constructor(
    private readonly socket: Socket,
    private readonly options: SocketPeerOptions,
  ) {
    this.remoteAddress = socket.remoteAddress;
  }

  get isOpen(): boolean {
    return !this.#gone;
  }

  get bufferedBytes(): number {
    return this.socket.bufferedBytes;
  }

  send(frame: EngineFrame, stamp?: MemberStamp): Delivery {
    if (this.#gone) return 'closed';
    if (frame.type !== 'invokefunction' || frame.data.length < LONG_PAYLOAD_BYTES) {
      return this.#sendBytes(encodeFrame(frame, stamp));
    }
    const pieces = encodeInPieces(frame, stamp);
    const refused = this.#refusal(pieces.reduce((bytes, piece) => bytes + piece.length, 0));
    return refused ?? this.#delivery(this.socket.sendTextPieces(pieces));
  }

  forward(_frame: InvocationResultFrame, bytes: Uint8Array): Delivery {
    return this.#gone ? 'closed' : this.#sendBytes(bytes);
  }

  #sendBytes(bytes: Uint8Array): Delivery {
    return this.#refusal(bytes.length) ?? this.#delivery(this.socket.postText(bytes));
  }

  /** Why so many bytes are not sent, if that is so. */
  #refusal(bytes: number): Delivery | undefined {
    if (bytes > this.#largestMessage) return 'too_large';
    const waiting = this.#isBehind ? this.socket.bufferedBytes : 0;
    if (waiting + bytes <= this.options.maxOutboxBytes) return undefined;
    this.overflow();
    return 'closed';
  }

  #delivery(outcome: SendOutcome): Delivery {
    if (outcome === 'sent') return 'sent';
    if (outcome === 'buffered') {
      this.#isBehind = true;
      this.options.budget.update(this);
      return this.#gone ? 'closed' : 'sent';
    }
    this.#gone = true;
    return 'closed';
  }

  takesBatches(): void {
    this.socket.joinPosted(joinFrames);
  }

  limitMessages(bytes: number): void {
    this.#largestMessage = bytes;
  }

  ping(): void {
    if (!this.#gone) this.socket.ping();
  }

  close(code: number, reason: string): void {
    this.ended();
    this.socket.close(code, reason);
  }

  terminate(): void {
    this.ended();
    this.socket.terminate();
  }

  /** Reads no more of it in this turn of the event loop, so that others have theirs; where its socket can be paused. */
  waitTurn(): void {
    if (this.#isWaiting || this.#gone || !this.socket.canPause) return;
    this.#isWaiting = true;
    this.socket.pause();
    setImmediate(() => {
      this.#isWaiting = false;
      if (!this.#gone) this.socket.resume();
    });
  }

  /** Everything that waited has left. */
  drained(): void {
    this.#isBehind = false;
    this.options.budget.update(this);
  }

  /** The socket is gone, or as good as gone. */
  ended(): void {
    this.#gone = true;
    this.options.budget.forget(this);
  }

  overflow(): void {
    if (this.#gone) return;
    this.#gone = true;
    // Whoever is sending may be in the middle of a loop over sessions: end this one after them.
    queueMicrotask(this.options.overflow);
  }
}
