import { type AnswerHead, answerHead, bytesOf, contentLength } from '../answer-head.js';
import { AnswerSignals } from '../answer-signals.js';
import { type Exchange, orderFault } from '../exchange.js';
import type { HeaderList, HttpResponse, SendOutcome } from '../types.js';
import type { AnswerSide } from './body.js';
import type { NativeResponse } from './native.js';
import { ChunkedOutflow, type Outflow, WholeOutflow } from './outflow.js';
import { isCalledFor } from './own-turn.js';
import type { Answering } from './traffic.js';

type Life =
  | { readonly name: 'fresh' }
  /** `outflow` is absent where no body bytes may be sent. */
  | { readonly name: 'streaming'; readonly head: AnswerHead; readonly outflow: ChunkedOutflow | undefined }
  /** The owner has given the whole answer, which leaves in a turn of its own. */
  | { readonly name: 'leaving'; readonly bytes: number; readonly leave: () => void }
  /** The owner has given the whole answer, the kernel has not taken it all. */
  | { readonly name: 'finishing'; readonly outflow: Outflow }
  /** The native object is void. */
  | { readonly name: 'closed' };

/** What an answer needs to know of the request it belongs to and of the port. */
export interface UwsExchange extends Exchange {
  /** Does something when no callback of the library is running. */
  inOwnTurn(work: () => void): void;
}

/** What an answer tells the request body on the same connection. */
export interface RequestSide {
  answerBlocked(): void;
  answerUnblocked(): void;
}

/** Bodies up to this size are given to the library whole when the connection is to end with them. */
const SMALL_BODY_BYTES = 64 * 1024;

/** The answer to one request of the uws driver. */
export class UwsResponse implements HttpResponse, AnswerSide, Answering {
  readonly #res: NativeResponse;
  readonly #exchange: UwsExchange;
  readonly #signals: AnswerSignals;
  /** The other direction of the connection, which is built after this one. */
  readonly #request: () => RequestSide;
  place = 0;
  nudgeTurn = 0;
  #life: Life = { name: 'fresh' };
  #owesDrained = false;
  #watchesWritable = false;

  constructor(res: NativeResponse, exchange: UwsExchange, request: () => RequestSide) {
    this.#res = res;
    this.#exchange = exchange;
    this.#request = request;
    this.#signals = new AnswerSignals(exchange.report);
  }

  get closed(): boolean {
    return this.#life.name === 'closed';
  }

  get bufferedBytes(): number {
    return this.#life.name === 'leaving' ? this.#life.bytes : (this.#outflow?.bufferedBytes ?? 0);
  }

  get blocked(): boolean {
    return this.bufferedBytes > 0;
  }

  get #outflow(): Outflow | undefined {
    return 'outflow' in this.#life ? this.#life.outflow : undefined;
  }

  send(status: number, headers?: HeaderList, body: string | Uint8Array = ''): void {
    if (this.#over()) return;
    if (this.#life.name !== 'fresh') throw orderFault('send() after start()');
    const head = answerHead(this.#exchange.method, status, headers);
    const bytes = bytesOf(body);
    this.#exchange.settled();
    // The library cuts a connection whose next request comes before this one is answered in its own callback.
    if (isCalledFor(this.#res)) {
      this.#leave(head, bytes);
      return;
    }
    this.#life = { name: 'leaving', bytes: bytes.length, leave: () => this.#leave(head, bytes) };
    this.#exchange.inOwnTurn(() => {
      if (this.#life.name === 'leaving') this.#life.leave();
    });
  }

  start(status: number, headers?: HeaderList): void {
    if (this.#over()) return;
    if (this.#life.name !== 'fresh') throw orderFault('start() after start()');
    const head = answerHead(this.#exchange.method, status, headers);
    const outflow = head.bodyless
      ? undefined
      : new ChunkedOutflow(this.#res, () => this.#writeHead(head, this.#closes(head)));
    // At once, not when the first write blocks: without it the library would end a silent stream after 10 s.
    this.#watchWritable();
    this.#life = { name: 'streaming', head, outflow };
  }

  /** The library cannot end the headers without a piece of body. */
  flush(): void {}

  write(chunk: string | Uint8Array): SendOutcome {
    if (this.#over()) return 'closed';
    if (this.#life.name !== 'streaming') throw orderFault('write() before start()');
    const { outflow } = this.#life;
    if (outflow === undefined) return 'sent';
    outflow.push(bytesOf(chunk));
    this.#advance(false);
    if (!this.blocked) return 'sent';
    this.#owesDrained = true;
    return 'buffered';
  }

  end(chunk?: string | Uint8Array): void {
    if (this.#over()) return;
    if (this.#life.name !== 'streaming') throw orderFault('end() before start()');
    const { head, outflow } = this.#life;
    this.#exchange.settled();
    if (outflow === undefined) {
      this.#sendBodyless(head, head.statedLength);
      return;
    }
    if (chunk !== undefined) outflow.push(bytesOf(chunk));
    outflow.end();
    this.#life = { name: 'finishing', outflow };
    this.#advance(false);
  }

  abort(): void {
    if (this.closed) return;
    this.#close(false);
    this.#res.close();
  }

  onDrained(listener: () => void): void {
    this.#signals.onDrained(listener);
  }

  onClosed(listener: (completed: boolean) => void): void {
    this.#signals.onClosed(listener);
  }

  /** The native object is void: the client is gone, or the connection has become a WebSocket. */
  lost(): void {
    this.#close(false);
  }

  /** To be called every few seconds: see {@link Outflow.nudge}. */
  nudge(): void {
    const outflow = this.#outflow;
    if (outflow !== undefined && outflow.bufferedBytes > 0 && outflow.nudge()) this.#close(true);
  }

  #leave(head: AnswerHead, body: Uint8Array): void {
    if (head.bodyless) {
      this.#sendBodyless(head, contentLength(head, body));
    } else if (this.#closes(head) && body.length <= SMALL_BODY_BYTES) {
      this.#sendLast(head, body);
    } else {
      this.#life = {
        name: 'finishing',
        outflow: new WholeOutflow(this.#res, body, () => this.#writeHead(head, this.#closes(head))),
      };
      this.#advance(false);
    }
  }

  #advance(writable: boolean): void {
    const outflow = this.#outflow;
    if (outflow === undefined) return;
    if (outflow.advance(writable)) {
      this.#close(true);
    } else if (outflow.bufferedBytes > 0) {
      this.#watchWritable();
      this.#request().answerBlocked();
    } else {
      this.#request().answerUnblocked();
      if (this.#owesDrained) setImmediate(() => this.#drained());
    }
  }

  /** In a turn of its own: what the owner writes in answer must not happen within a callback of the library. */
  #drained(): void {
    if (!this.#owesDrained || this.blocked || this.closed) return;
    this.#owesDrained = false;
    this.#signals.drained();
  }

  #watchWritable(): void {
    if (this.#watchesWritable) return;
    this.#watchesWritable = true;
    this.#res.onWritable(() => {
      this.#advance(true);
      return true;
    });
  }

  #sendBodyless(head: AnswerHead, length: string | undefined): void {
    this.#res.cork(() => {
      this.#writeHead(head, this.#closes(head));
      if (length !== undefined) this.#res.writeHeader('content-length', length);
      this.#res.endWithoutBody();
    });
    this.#close(true);
  }

  /** An answer after which the library itself ends the connection. It adds the header that says so. */
  #sendLast(head: AnswerHead, body: Uint8Array): void {
    this.#res.cork(() => {
      this.#writeHead(head, false);
      this.#res.end(body, true);
    });
    this.#close(true);
  }

  #writeHead(head: AnswerHead, announceClose: boolean): void {
    this.#res.writeStatus(`${head.status} ${head.text}`);
    for (const [name, value] of head.headers) {
      // The library writes a date of its own.
      if (name.toLowerCase() === 'date') continue;
      this.#res.writeHeader(name, isAscii(value) ? value : Buffer.from(value, 'latin1'));
    }
    if (announceClose) this.#res.writeHeader('connection', 'close');
  }

  #closes(head: AnswerHead): boolean {
    return head.close || this.#exchange.draining();
  }

  #over(): boolean {
    const { name } = this.#life;
    return name === 'leaving' || name === 'finishing' || name === 'closed';
  }

  #close(completed: boolean): void {
    if (this.#life.name === 'closed') return;
    this.#life = { name: 'closed' };
    this.#signals.closed(completed);
    this.#exchange.ended();
  }
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}
