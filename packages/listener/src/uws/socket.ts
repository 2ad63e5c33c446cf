import { checkCloseCode, checkPing, fitReason } from '../close-frame.js';
import { ListenerError } from '../errors.js';
import type { ReportFault } from '../fault.js';
import { SocketOwner } from '../socket-events.js';
import type { SendOutcome, Socket, SocketEvents } from '../types.js';
import type { NativeWebSocket } from './native.js';

type Life =
  | { readonly name: 'open'; readonly ws: NativeWebSocket }
  /** Our close frame waits until everything before it has left. */
  | {
      readonly name: 'closing';
      readonly ws: NativeWebSocket;
      readonly code: number;
      readonly reason: string;
      readonly deadline: NodeJS.Timeout;
    }
  /** Not open yet, or not any more: there is no native object that may be touched. */
  | { readonly name: 'void' };

const TOO_LARGE = 'message over the size limit';

export interface UwsSocketOptions {
  readonly remoteAddress: string;
  readonly protocol: string | undefined;
  readonly maxMessageBytes: number;
  readonly closeTimeoutMs: number;
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
  /** The owner heard `buffered` and waits for `drained`. */
  #owesDrained = false;

  constructor(options: UwsSocketOptions) {
    this.#options = options;
    this.remoteAddress = options.remoteAddress;
    this.protocol = options.protocol;
    this.#owner = new SocketOwner(options.report, () => this.close(1011));
  }

  get bufferedBytes(): number {
    return this.#life.name === 'void' ? 0 : this.#life.ws.getBufferedAmount();
  }

  sendText(data: string | Uint8Array): SendOutcome {
    return this.#send(data, false);
  }

  sendBinary(data: Uint8Array): SendOutcome {
    return this.#send(data, true);
  }

  #send(data: string | Uint8Array, isBinary: boolean): SendOutcome {
    if (this.#life.name !== 'open') return 'closed';
    // The library makes one write of a frame by itself; a cork around a single send would gain nothing.
    switch (this.#life.ws.send(data, isBinary, false)) {
      case 1:
        return 'sent';
      case 0:
        this.#owesDrained = true;
        return 'buffered';
      default:
        this.#options.report(
          new ListenerError(
            'send_buffer_overflow',
            `${this.bufferedBytes} bytes wait for ${this.remoteAddress}`,
          ),
        );
        this.terminate();
        return 'closed';
    }
  }

  ping(payload?: Uint8Array): void {
    checkPing(payload);
    if (this.#life.name === 'open') this.#life.ws.ping(payload);
  }

  pause(): void {}

  resume(): void {}

  /**
   * The library gives a socket up as soon as it is told to close it, and cuts the connection about 4 s later. So a
   * peer that does not read is given its time before that, here.
   */
  close(code: number, reason = ''): void {
    checkCloseCode(code);
    if (this.#life.name !== 'open') return;
    const { ws } = this.#life;
    const text = fitReason(reason);
    if (ws.getBufferedAmount() === 0) {
      ws.end(code, text);
      return;
    }
    const deadline = setTimeout(() => this.terminate(), this.#options.closeTimeoutMs);
    this.#life = { name: 'closing', ws, code, reason: text, deadline };
  }

  terminate(): void {
    if (this.#life.name !== 'void') this.#life.ws.close();
  }

  // What the library reports.

  opened(ws: NativeWebSocket): void {
    this.#life = { name: 'open', ws };
    this.#owner.adopt(this.#options.accept, this);
  }

  message(data: ArrayBuffer, isBinary: boolean): void {
    if (this.#life.name !== 'open') return;
    // The library's own limit is higher: past that it cuts the connection, and the peer never learns why.
    if (data.byteLength > this.#options.maxMessageBytes) {
      this.#owner.closed(1009, TOO_LARGE);
      this.close(1009, TOO_LARGE);
      return;
    }
    // The memory is only lent for the duration of this call.
    this.#owner.message(Buffer.from(new Uint8Array(data)), isBinary);
  }

  /**
   * Acts in the next turn of the loop: measured, when a send made within the drain callback of the library does not
   * fit, the library forgets to watch for room, and the rest never leaves.
   */
  drained(): void {
    setImmediate(() => this.#drained());
  }

  #drained(): void {
    if (this.#life.name === 'void' || this.#life.ws.getBufferedAmount() > 0) return;
    if (this.#life.name === 'closing') {
      const { ws, code, reason } = this.#life;
      ws.end(code, reason);
      return;
    }
    if (!this.#owesDrained) return;
    this.#owesDrained = false;
    this.#owner.drained();
  }

  pinged(): void {
    this.#owner.ping();
  }

  ponged(): void {
    this.#owner.pong();
  }

  closed(code: number, reason: string): void {
    if (this.#life.name === 'closing') clearTimeout(this.#life.deadline);
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
