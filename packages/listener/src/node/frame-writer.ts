import type { Socket as TcpSocket } from 'node:net';
import type { WebSocket } from 'ws';
import type { FramePart, FrameWriter } from '../send-queue.js';
import type { SendOutcome } from '../types.js';
import { textFrames } from './frame-bytes.js';

const NOTHING = new Uint8Array(0);

export interface NodeFrameEvents {
  /** Everything that had been written when room was asked for has reached the kernel. Told at other times, too. */
  readonly room: () => void;
  /** The close frame has reached the kernel. */
  readonly closeLeft: (code: number, reason: string) => void;
}

/** Frames through `ws`, counted in the TCP socket below it. */
export class NodeFrameWriter implements FrameWriter {
  readonly #ws: WebSocket;
  readonly #tcp: TcpSocket;
  readonly #events: NodeFrameEvents;

  constructor(ws: WebSocket, tcp: TcpSocket, events: NodeFrameEvents) {
    this.#ws = ws;
    this.#tcp = tcp;
    this.#events = events;
    tcp.on('drain', events.room);
  }

  get bufferedBytes(): number {
    return this.#tcp.destroyed ? 0 : this.#tcp.writableLength;
  }

  write(data: string | Uint8Array, binary: boolean, part: FramePart): SendOutcome {
    // A close frame of the peer is answered by `ws` at once; nothing may follow that answer.
    if (this.#ws.readyState !== this.#ws.OPEN) return 'closed';
    const fin = part === 'whole' || part === 'last';
    // As bytes: a stream counts a string it keeps in characters.
    this.#ws.send(typeof data === 'string' ? Buffer.from(data) : data, { binary, fin });
    return this.#tcp.writableLength === 0 ? 'sent' : 'buffered';
  }

  /** Past `ws`, which would give the kernel two pieces for each: its sender keeps nothing that could be overtaken. */
  writeTexts(messages: readonly Uint8Array[]): SendOutcome {
    if (this.#ws.readyState !== this.#ws.OPEN) return 'closed';
    this.#tcp.write(textFrames(messages));
    return this.#tcp.writableLength === 0 ? 'sent' : 'buffered';
  }

  cork(): void {
    this.#tcp.cork();
  }

  uncork(): void {
    this.#tcp.uncork();
  }

  awaitRoom(): void {
    // Below its high-water mark the stream does not tell that it has drained.
    if (!this.#tcp.writableNeedDrain) this.#whenFlushed(this.#events.room);
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
    this.#whenFlushed(() => this.#events.closeLeft(code, reason));
  }

  /** Runs once everything written so far has reached the kernel; not at all when the connection is lost before. */
  #whenFlushed(then: () => void): void {
    this.#tcp.write(NOTHING, (error) => {
      if (!error) then();
    });
  }
}
