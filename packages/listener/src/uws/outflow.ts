import type { NativeResponse } from './native.js';

/** The body of an answer on its way out, in one of the two ways uWebSockets.js offers. */
export interface Outflow {
  /** Bytes that have not reached the kernel. */
  readonly bufferedBytes: number;
  /**
   * Gives the kernel what it takes.
   * @param writable the kernel may have room again; without it, an outflow that is blocked stays so.
   * @returns true when the answer is over and the native object void.
   */
  advance(writable: boolean): boolean;
  /**
   * Tries again although the kernel has not said that it has room, which it does not before a third of its buffer is
   * free. Every try that fails gives the client another 10 s before the library cuts it.
   * @returns as `advance`.
   */
  nudge(): boolean;
}

/** A body of known length. Nothing of it waits in the library: what the kernel does not take stays here. */
export class WholeOutflow implements Outflow {
  readonly #res: NativeResponse;
  readonly #body: Uint8Array;
  #writeHead: (() => void) | undefined;
  #sent = 0;

  constructor(res: NativeResponse, body: Uint8Array, writeHead: () => void) {
    this.#res = res;
    this.#body = body;
    this.#writeHead = writeHead;
  }

  get bufferedBytes(): number {
    return this.#body.length - this.#sent;
  }

  advance(): boolean {
    let over = false;
    this.#res.cork(() => {
      this.#writeHead?.();
      this.#writeHead = undefined;
      [, over] = this.#res.tryEnd(this.#body.subarray(this.#sent), this.#body.length);
    });
    // Asking a response that is over would throw.
    this.#sent = over ? this.#body.length : this.#res.getWriteOffset();
    return over;
  }

  nudge(): boolean {
    return this.advance();
  }
}

/**
 * Bytes given to the library at a time. It keeps what the kernel does not take of a chunk and does not say how much
 * that is, so a chunk is what `bufferedBytes` can be off by. Of smaller chunks it does not even say whether the kernel
 * took them until the next one.
 */
export const PIECE_BYTES = 16 * 1024;

/** A body in pieces, chunked on the wire. */
export class ChunkedOutflow implements Outflow {
  readonly #res: NativeResponse;
  #writeHead: (() => void) | undefined;
  #queue: Uint8Array[] = [];
  #queued = 0;
  /** Length of the piece that waits in the library, 0 when none is known to. */
  #stuck = 0;
  #ending = false;

  constructor(res: NativeResponse, writeHead: () => void) {
    this.#res = res;
    this.#writeHead = writeHead;
  }

  get bufferedBytes(): number {
    return this.#queued + this.#stuck;
  }

  push(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
      this.#queue.push(bytes.subarray(start, start + PIECE_BYTES));
    }
    this.#queued += bytes.length;
  }

  /** No more pieces: once all are out, the answer is over. */
  end(): void {
    this.#ending = true;
  }

  advance(writable: boolean): boolean {
    if (writable) {
      // With an onWritable handler in place the library sends what it keeps only when it is next written to;
      // a cork around nothing counts.
      this.#res.cork(() => {});
      this.#stuck = 0;
    }
    while (this.#stuck === 0) {
      const piece = this.#queue.shift();
      if (piece === undefined) return this.#ending && this.#finish();
      this.#write(piece);
    }
    return false;
  }

  nudge(): boolean {
    // A cork around nothing makes the library try what it keeps.
    this.#res.cork(() => {});
    return false;
  }

  #write(piece: Uint8Array): void {
    let taken = true;
    this.#res.cork(() => {
      this.#writeHead?.();
      this.#writeHead = undefined;
      taken = this.#res.write(piece);
    });
    this.#queued -= piece.length;
    if (!taken) this.#stuck = piece.length;
  }

  #finish(): true {
    this.#res.cork(() => {
      this.#writeHead?.();
      this.#writeHead = undefined;
      // Never with its second argument: it would write a header into the middle of the body.
      this.#res.end();
    });
    return true;
  }
}
