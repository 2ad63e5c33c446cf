import type { Socket as TcpSocket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { checkCloseCode, checkPing, fitReason } from '../close-frame.js';
import type { ReportFault } from '../fault.js';
import { SocketOwner } from '../socket-events.js';
import type { SendOutcome, Socket, SocketEvents } from '../types.js';

const NOTHING = new Uint8Array(0);

/** `closing`: our close frame is on its way. `over`: the owner was told, or is about to be. */
type Life = 'open' | 'closing' | 'over';

/** A WebSocket of the node driver: `ws` for the frames, the TCP socket below it for what is buffered. */
export class NodeSocket implements Socket {
  readonly remoteAddress: string;
  readonly protocol: string | undefined;
  readonly canPause = true;
  readonly #ws: WebSocket;
  readonly #tcp: TcpSocket;
  readonly #owner: SocketOwner;
  #life: Life = 'open';
  /** The owner heard `buffered` and waits for `drained`. */
  #owesDrained = false;

  constructor(ws: WebSocket, tcp: TcpSocket, remoteAddress: string, report: ReportFault) {
    this.#ws = ws;
    this.#tcp = tcp;
    this.remoteAddress = remoteAddress;
    this.protocol = ws.protocol === '' ? undefined : ws.protocol;
    this.#owner = new SocketOwner(report, () => this.close(1011));
    ws.on('message', (data, isBinary) => {
      if (this.#life === 'open') this.#owner.message(toBytes(data), isBinary);
    });
    ws.on('ping', () => this.#owner.ping());
    ws.on('pong', () => this.#owner.pong());
    // `ws` has answered a broken frame with a close frame of its own; what matters here is why.
    ws.on('error', (error) => this.#finish(faultCode(error), error.message));
    ws.on('close', (code, reason) => this.#finish(code, reason.toString()));
  }

  adopt(accept: (socket: Socket) => SocketEvents): void {
    this.#owner.adopt(accept, this);
  }

  get bufferedBytes(): number {
    return this.#tcp.destroyed ? 0 : this.#tcp.writableLength;
  }

  sendText(data: string | Uint8Array): SendOutcome {
    return this.#send(data, false);
  }

  sendBinary(data: Uint8Array): SendOutcome {
    return this.#send(data, true);
  }

  #send(data: string | Uint8Array, binary: boolean): SendOutcome {
    if (!this.#writable()) return 'closed';
    // As bytes: a stream counts a string it keeps in characters.
    this.#ws.send(typeof data === 'string' ? Buffer.from(data) : data, { binary });
    if (this.#tcp.writableLength === 0) return 'sent';
    if (!this.#owesDrained) {
      this.#owesDrained = true;
      this.#whenFlushed(this.#flushed);
    }
    return 'buffered';
  }

  /** More may have been sent behind what was waited for: `drained` means that nothing is left. */
  readonly #flushed = (): void => {
    if (this.#tcp.writableLength > 0) {
      this.#whenFlushed(this.#flushed);
    } else {
      this.#owesDrained = false;
      this.#owner.drained();
    }
  };

  /** Runs once everything written so far has reached the kernel; not at all when the connection is lost before. */
  #whenFlushed(then: () => void): void {
    this.#tcp.write(NOTHING, (error) => {
      if (!error) then();
    });
  }

  ping(payload?: Uint8Array): void {
    checkPing(payload);
    if (this.#writable()) this.#ws.ping(payload);
  }

  pause(): void {
    if (this.#life === 'open') this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  close(code: number, reason = ''): void {
    checkCloseCode(code);
    if (!this.#writable()) return;
    this.#life = 'closing';
    // The peer's close frame cannot be seen by a socket that does not read.
    this.#ws.resume();
    const text = fitReason(reason);
    this.#ws.close(code, text);
    this.#whenFlushed(() => this.#finish(code, text));
  }

  terminate(): void {
    this.#ws.terminate();
    this.#finish(1006, '');
  }

  #writable(): boolean {
    return this.#life === 'open' && this.#ws.readyState === this.#ws.OPEN;
  }

  #finish(code: number, reason: string): void {
    if (this.#life === 'over') return;
    this.#life = 'over';
    this.#owner.closed(code, reason);
  }
}

/** With its default `binaryType` and no fragments option, `ws` delivers a Buffer; the type allows more. */
function toBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

function faultCode(error: Error): number {
  switch ('code' in error ? error.code : undefined) {
    case 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH':
      return 1009;
    case 'WS_ERR_INVALID_UTF8':
      return 1007;
    case 'WS_ERR_TOO_MANY_BUFFERED_PARTS':
      return 1008;
    default:
      return 'code' in error && String(error.code).startsWith('WS_ERR_') ? 1002 : 1006;
  }
}
