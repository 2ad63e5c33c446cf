import { type FramePart, type FrameWriter, HEAD_BYTES } from '../send-queue.js';
import type { SendOutcome } from '../types.js';
import type { NativeWebSocket } from './native.js';

/**
 * From this size on the library takes a shortcut that gives the kernel head and payload of a frame separately. Before
 * version 20.34 it loses the payload when the kernel has no room for the head (uNetworking/uWebSockets#1662). It does
 * not take it for sockets that are subscribed to something.
 */
const SHORTCUT_BYTES = 16 * 1024;
/** Bytes the library collects under a cork, for all its sockets together; what comes then, it writes at once. */
const CORK_BYTES = 16 * 1024;
/** Nothing is ever published there. */
const TOPIC = 'no-shortcut';

const NOTHING = new Uint8Array(0);

/** Frames through the library, which also counts them. */
export class UwsFrameWriter implements FrameWriter {
  readonly #ws: NativeWebSocket;
  readonly #overflow: () => void;
  #avoidsShortcut = false;

  /** @param overflow the library has dropped a frame, and with it the order of the rest. */
  constructor(ws: NativeWebSocket, overflow: () => void) {
    this.#ws = ws;
    this.#overflow = overflow;
  }

  get bufferedBytes(): number {
    return this.#ws.getBufferedAmount();
  }

  write(data: string | Uint8Array, isBinary: boolean, part: FramePart): SendOutcome {
    if (!this.#avoidsShortcut && mayReach(SHORTCUT_BYTES, data)) {
      this.#avoidsShortcut = this.#ws.subscribe(TOPIC);
    }
    // The library makes one write of a frame by itself; a cork around a single send would gain nothing.
    switch (part === 'whole' ? this.#ws.send(data, isBinary, false) : this.#fragment(data, isBinary, part)) {
      case 1:
        return 'sent';
      case 0:
        return 'buffered';
      default:
        this.#overflow();
        return 'closed';
    }
  }

  writeTexts(messages: readonly Uint8Array[]): SendOutcome {
    if (messages.length === 1 && messages[0] !== undefined) return this.write(messages[0], false, 'whole');
    for (let next = 0; next < messages.length; ) {
      const begin = next;
      let size = 0;
      do size += HEAD_BYTES + (messages[next++]?.length ?? 0);
      while (next < messages.length && size + HEAD_BYTES + (messages[next]?.length ?? 0) <= CORK_BYTES);
      if (!this.#writeCorked(messages, begin, next)) return 'closed';
    }
    return this.bufferedBytes === 0 ? 'sent' : 'buffered';
  }

  /** @returns false when one of them was lost. */
  #writeCorked(messages: readonly Uint8Array[], begin: number, end: number): boolean {
    let isLost = false;
    this.#ws.cork(() => {
      for (let at = begin; at < end && !isLost; at++) {
        isLost = this.write(messages[at] ?? NOTHING, false, 'whole') === 'closed';
      }
    });
    return !isLost;
  }

  #fragment(data: string | Uint8Array, isBinary: boolean, part: FramePart): number {
    if (part === 'first') return this.#ws.sendFirstFragment(data, isBinary, false);
    if (part === 'middle') return this.#ws.sendFragment(data, false);
    return this.#ws.sendLastFragment(data, false);
  }

  /** A cork of the library ends with 16 KiB, and it has one for all its sockets. */
  cork(): void {}

  uncork(): void {}

  /** The library tells by itself, for as long as something waits. */
  awaitRoom(): void {}

  /** Gives the socket up: the library tells its end before this returns. */
  close(code: number, reason: string): void {
    this.#ws.end(code, reason);
  }
}

/** Whether so many bytes may be needed; of a text that is known only of its UTF-8. */
function mayReach(bytes: number, data: string | Uint8Array): boolean {
  return (typeof data === 'string' ? 3 * data.length : data.length) >= bytes;
}
