import { checkCloseCode, checkPing, fitReason } from '../close-frame.js';
import { ListenerError } from '../errors.js';
import type { ReportFault } from '../fault.js';
import { SendQueue } from '../send-queue.js';
import { SocketOwner } from '../socket-events.js';
import type { Turn } from '../turn.js';
import type { JoinTexts, SendOutcome, Socket, SocketEvents } from '../types.js';
import type { Arrivals } from './arrivals.js';
import { UwsFrameWriter } from './frame-writer.js';
import type { NativeWebSocket } from './native.js';

type Life =
  | { readonly name: 'open'; readonly ws: NativeWebSocket; readonly queue: SendQueue }
  /** Our close frame waits until everything before it has left. */
  | { readonly name: 'closing'; readonly ws: NativeWebSocket; readonly queue: SendQueue }
  /** The connection is gone, and what the peer sent before is being told. */
  | { readonly name: 'parting' }
  /** Not open yet, or not any more: there is no native object that may be touched. */
  | { readonly name: 'void' };

const TOO_LARGE = 'message over the size limit';

export interface UwsSocketOptions {
  readonly remoteAddress: string;
  readonly protocol: string | undefined;
  readonly maxMessageBytes: number;
  readonly closeTimeoutMs: number;
  readonly turn: Turn;
  readonly arrivals: Arrivals;
  readonly report: ReportFault;
  readonly accept: (socket: Socket) => SocketEvents;
}

/** A WebSocket of the uws driver. It cannot be paused. */
export class UwsSocket implements Socket {
  readonly remoteAddress: string;
  readonly protocol: string | undefined;
  readonly canPause = false;
  readonly #options: UwsSocketOptions;
  readonly #owner: SocketOwner;
  #life: Life = { name: 'void' };

  constructor(options: UwsSocketOptions) {
    this.#options = options;
    this.remoteAddress = options.remoteAddress;
    this.protocol = options.protocol;
    this.#owner = new SocketOwner(options.report, () => this.close(1011));
  }

  get bufferedBytes(): number {
    return 'queue' in this.#life ? this.#life.queue.bufferedBytes : 0;
  }

  sendText(data: string | Uint8Array): SendOutcome {
    return this.#send(data, false);
  }

  postText(data: Uint8Array): SendOutcome {
    return this.#life.name === 'open' ? this.#life.queue.post(data) : 'closed';
  }

  joinPosted(join: JoinTexts): void {
    if (this.#life.name === 'open') this.#life.queue.joinPosted(join);
  }

  sendTextPieces(pieces: readonly Uint8Array[]): SendOutcome {
    return this.#life.name === 'open' ? this.#life.queue.sendTextPieces(pieces) : 'closed';
  }

  sendBinary(data: Uint8Array): SendOutcome {
    return this.#send(data, true);
  }

  #send(data: string | Uint8Array, isBinary: boolean): SendOutcome {
    return this.#life.name === 'open' ? this.#life.queue.send(data, isBinary) : 'closed';
  }

  ping(payload?: Uint8Array): void {
    checkPing(payload);
    if (this.#life.name === 'open') this.#life.ws.ping(payload);
  }

  pause(): void {}

  resume(): void {}

  /**
   * The library gives a socket up as soon as it is told to close it, and cuts the connection about 4 s later. So a
   * peer that does not read is given its time before that, by the queue.
   */
  close(code: number, reason = ''): void {
    checkCloseCode(code);
    if (this.#life.name === 'parting') this.#life = { name: 'void' };
    if (this.#life.name !== 'open') return;
    const { ws, queue } = this.#life;
    this.#life = { name: 'closing', ws, queue };
    queue.close(code, fitReason(reason));
  }

  terminate(): void {
    if (!('queue' in this.#life)) {
      this.#life = { name: 'void' };
      return;
    }
    const { ws, queue } = this.#life;
    // What the peer sent before is not told any more: it may be in the middle of telling.
    this.#life = { name: 'closing', ws, queue };
    ws.close();
  }

  // What the library reports.

  opened(ws: NativeWebSocket): void {
    const queue = new SendQueue({
      writer: new UwsFrameWriter(ws, () => this.#overflowed()),
      turn: this.#options.turn,
      closeTimeoutMs: this.#options.closeTimeoutMs,
      drained: () => this.#owner.drained(),
      overdue: () => this.terminate(),
    });
    this.#life = { name: 'open', ws, queue };
    this.#owner.adopt(this.#options.accept, this);
  }

  message(data: ArrayBuffer, isBinary: boolean): void {
    if (this.#life.name !== 'open') return;
    // The library's own limit is higher: past that it cuts the connection, and the peer never learns why.
    if (data.byteLength > this.#options.maxMessageBytes) {
      this.#options.arrivals.handOver();
      this.#owner.closed(1009, TOO_LARGE);
      this.close(1009, TOO_LARGE);
      return;
    }
    // The memory is only lent for the duration of this call.
    this.#options.arrivals.add(this, Buffer.from(new Uint8Array(data)), isBinary);
  }

  /** Not for the owner: a message whose turn has come. */
  deliver(data: Uint8Array, isBinary: boolean): void {
    const { name } = this.#life;
    if (name === 'open' || name === 'parting') this.#owner.message(data, isBinary);
  }

  /**
   * Acts in the next turn of the loop: measured, when a send made within the drain callback of the library does not
   * fit, the library forgets to watch for room, and the rest never leaves.
   */
  drained(): void {
    setImmediate(this.#advance);
  }

  readonly #advance = (): void => {
    if ('queue' in this.#life) this.#life.queue.advance();
  };

  #overflowed(): void {
    const waiting = `${this.bufferedBytes} bytes wait for ${this.remoteAddress}`;
    this.#options.report(new ListenerError('send_buffer_overflow', waiting));
    this.terminate();
  }

  pinged(): void {
    if (this.#life.name === 'open') this.#owner.ping();
  }

  ponged(): void {
    if (this.#life.name === 'open') this.#owner.pong();
  }

  closed(code: number, reason: string): void {
    const wasOpen = this.#life.name === 'open';
    if ('queue' in this.#life) this.#life.queue.drop();
    if (wasOpen) {
      // Behind what the peer sent before it left.
      this.#life = { name: 'parting' };
      this.#options.arrivals.handOver();
    }
    this.#life = { name: 'void' };
    this.#owner.closed(...verdict(code, reason));
  }
}

/** What the library cut without a close frame, it names in the reason only. */
function verdict(code: number, reason: string): [code: number, reason: string] {
  if (code !== 1006) return [code, reason];
  if (reason.startsWith('Received too big message')) return [1009, TOO_LARGE];
  if (reason === 'Received invalid UTF-8') return [1007, reason];
  return [1006, ''];
}
