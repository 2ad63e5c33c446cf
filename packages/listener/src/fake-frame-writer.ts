import type { FramePart, FrameWriter } from './send-queue.js';
import type { SendOutcome } from './types.js';

/** A frame as the library was given it. */
export interface FakeFrame {
  readonly data: Uint8Array;
  readonly isBinary: boolean;
  readonly part: FramePart;
}

/** A library above a kernel with as much room as the test gives it. Heads take no room. For tests. */
export class FakeFrameWriter implements FrameWriter {
  readonly frames: FakeFrame[] = [];
  readonly closes: string[] = [];
  bufferedBytes = 0;
  /** The most that was ever buffered. */
  peakBytes = 0;
  /** How often room was asked for. */
  waits = 0;
  /** How often the kernel was given something. */
  batches = 0;
  /** Bytes the kernel takes at once. */
  room = 0;
  lost = false;
  #corks = 0;

  write(data: string | Uint8Array, isBinary: boolean, part: FramePart): SendOutcome {
    if (this.lost) return 'closed';
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    this.frames.push({ data: bytes, isBinary, part });
    this.bufferedBytes += bytes.length;
    if (this.#corks === 0) this.#reach();
    return this.bufferedBytes === 0 ? 'sent' : 'buffered';
  }

  writeTexts(messages: readonly Uint8Array[]): SendOutcome {
    this.cork();
    let outcome: SendOutcome = 'sent';
    for (const message of messages) outcome = this.write(message, false, 'whole');
    this.uncork();
    return outcome === 'closed' ? 'closed' : this.bufferedBytes === 0 ? 'sent' : 'buffered';
  }

  cork(): void {
    this.#corks++;
  }

  uncork(): void {
    this.#corks--;
    if (this.#corks === 0) this.#reach();
  }

  awaitRoom(): void {
    this.waits++;
  }

  close(code: number, reason: string): void {
    this.closes.push(`${code} ${reason}`);
  }

  /** The kernel takes some more. */
  take(bytes: number): void {
    this.room += bytes;
    this.#flush();
  }

  /** `part` and length of each frame since the last call. */
  read(): string[] {
    return this.frames.splice(0).map(({ part, data }) => `${part} ${data.length}`);
  }

  #reach(): void {
    this.batches++;
    this.#flush();
  }

  #flush(): void {
    const taken = Math.min(this.room, this.bufferedBytes);
    this.room -= taken;
    this.bufferedBytes -= taken;
    this.peakBytes = Math.max(this.peakBytes, this.bufferedBytes);
  }
}
