import type { Socket as TcpSocket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { checkCloseCode, checkPing, fitReason } from '../close-frame.js';
import type { ReportFault } from '../fault.js';
import { SendQueue } from '../send-queue.js';
import { SocketOwner } from '../socket-events.js';
import type { Turn } from '../turn.js';
import type { JoinTexts, SendOutcome, Socket, SocketEvents } from '../types.js';
import { NodeFrameWriter } from './frame-writer.js';

/**
 * `closing`: our close frame waits for what was sent before, or is on its way. `over`: the owner was told, or is about
 * to be.
 */
type Life = 'open' | 'closing' | 'over';

export interface NodeSocketOptions {
  readonly remoteAddress: string;
  readonly closeTimeoutMs: number;
  readonly turn: Turn;
  readonly report: ReportFault;
}

/** A WebSocket of the node driver. */
export class NodeSocket implements Socket {
  readonly remoteAddress: string;
  readonly protocol: string | undefined;
  readonly canPause = true;
  readonly #ws: WebSocket;
  readonly #owner: SocketOwner;
  readonly #queue: SendQueue;
  #life: Life = 'open';

  constructor(
    ws: WebSocket,
    tcp: TcpSocket,
    { remoteAddress, closeTimeoutMs, turn, report }: NodeSocketOptions,
  ) {
    this.#ws = ws;
    this.remoteAddress = remoteAddress;
    this.protocol = ws.protocol === '' ? undefined : ws.protocol;
    this.#owner = new SocketOwner(report, () => this.close(1011));
    this.#queue = new SendQueue({
      writer: new NodeFrameWriter(ws, tcp, {
        room: () => this.#queue.advance(),
        closeLeft: (code, reason) => this.#finish(code, reason),
      }),
      turn,
      closeTimeoutMs,
      drained: () => this.#owner.drained(),
      overdue: () => this.terminate(),
    });
    ws.on('message', (data, isBinary) => {
      if (this.#life === 'open') this.#owner.message(toBytes(data), isBinary);
    });
    ws.on('ping', () => {
      if (this.#life === 'open') this.#owner.ping();
    });
    ws.on('pong', () => {
      if (this.#life === 'open') this.#owner.pong();
    });
    // `ws` has answered a broken frame with a close frame of its own; what matters here is why.
    ws.on('error', (error) => this.#finish(faultCode(error), error.message));
    ws.on('close', (code, reason) => this.#finish(code, reason.toString()));
  }

  adopt(accept: (socket: Socket) => SocketEvents): void {
    this.#owner.adopt(accept, this);
  }

  get bufferedBytes(): number {
    return this.#queue.bufferedBytes;
  }

  sendText(data: string | Uint8Array): SendOutcome {
    return this.#writable() ? this.#queue.send(data, false) : 'closed';
  }

  postText(data: Uint8Array): SendOutcome {
    return this.#writable() ? this.#queue.post(data) : 'closed';
  }

  joinPosted(join: JoinTexts): void {
    if (this.#writable()) this.#queue.joinPosted(join);
  }

  sendTextPieces(pieces: readonly Uint8Array[]): SendOutcome {
    return this.#writable() ? this.#queue.sendTextPieces(pieces) : 'closed';
  }

  sendBinary(data: Uint8Array): SendOutcome {
    return this.#writable() ? this.#queue.send(data, true) : 'closed';
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
    this.#queue.close(code, fitReason(reason));
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
    this.#queue.drop();
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
