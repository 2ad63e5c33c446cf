import type { ServerResponse } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import { type AnswerHead, answerHead, bytesOf, contentLength } from '../answer-head.js';
import { AnswerSignals } from '../answer-signals.js';
import { type Exchange, orderFault } from '../exchange.js';
import type { HeaderList, HttpResponse, SendOutcome } from '../types.js';

/** A body so small leaves as text: node:http puts that behind its head, and both into one buffer. */
const SMALL_BYTES = 8 * 1024;

type Life =
  | { readonly name: 'fresh' }
  | { readonly name: 'streaming'; readonly head: AnswerHead }
  /** node:http has the whole answer, the kernel not yet. */
  | { readonly name: 'finishing' }
  | { readonly name: 'closed' };

/** The answer to one request of the node driver. */
export class NodeResponse implements HttpResponse {
  readonly #response: ServerResponse;
  readonly #tcp: TcpSocket;
  readonly #exchange: Exchange;
  readonly #signals: AnswerSignals;
  #life: Life = { name: 'fresh' };
  #owesDrained = false;

  constructor(response: ServerResponse, tcp: TcpSocket, exchange: Exchange) {
    this.#response = response;
    this.#tcp = tcp;
    this.#exchange = exchange;
    this.#signals = new AnswerSignals(exchange.report);
    // node:http says `finish` also for bytes that a destroyed socket threw away.
    response.on('finish', () => this.#close(!tcp.destroyed));
    response.on('close', () => this.#close(false));
    response.on('error', () => this.#close(false));
  }

  get closed(): boolean {
    return this.#life.name === 'closed';
  }

  get bufferedBytes(): number {
    return this.closed ? 0 : this.#response.writableLength;
  }

  send(status: number, headers?: HeaderList, body: string | Uint8Array = ''): void {
    if (this.#over()) return;
    if (this.#life.name !== 'fresh') throw orderFault('send() after start()');
    const head = answerHead(this.#exchange.method, status, headers);
    const bytes = bytesOf(body);
    this.#writeHead(head, contentLength(head, bytes));
    this.#life = { name: 'finishing' };
    this.#exchange.settled();
    if (head.bodyless) this.#response.end();
    else if (bytes.length > SMALL_BYTES) this.#response.end(bytes);
    else this.#response.end(latin1Of(bytes), 'latin1');
  }

  start(status: number, headers?: HeaderList): void {
    if (this.#over()) return;
    if (this.#life.name !== 'fresh') throw orderFault('start() after start()');
    const head = answerHead(this.#exchange.method, status, headers);
    this.#writeHead(head, head.statedLength);
    this.#life = { name: 'streaming', head };
  }

  flush(): void {
    if (this.#life.name === 'streaming') this.#response.flushHeaders();
  }

  write(chunk: string | Uint8Array): SendOutcome {
    if (this.#over()) return 'closed';
    if (this.#life.name !== 'streaming') throw orderFault('write() before start()');
    const bytes = bytesOf(chunk);
    if (bytes.length > 0 && !this.#life.head.bodyless) {
      this.#response.write(bytes, this.#flushed);
      // node:http corks the socket until the next tick; undone, the kernel's answer is known now.
      this.#tcp.uncork();
    }
    if (this.#response.writableLength === 0) return 'sent';
    this.#owesDrained = true;
    return 'buffered';
  }

  end(chunk?: string | Uint8Array): void {
    if (this.#over()) return;
    if (this.#life.name !== 'streaming') throw orderFault('end() before start()');
    const { bodyless } = this.#life.head;
    this.#life = { name: 'finishing' };
    this.#exchange.settled();
    if (chunk === undefined || bodyless) this.#response.end();
    else this.#response.end(bytesOf(chunk));
  }

  abort(): void {
    if (this.closed) return;
    this.#close(false);
    this.#tcp.destroy();
  }

  onDrained(listener: () => void): void {
    this.#signals.onDrained(listener);
  }

  onClosed(listener: (completed: boolean) => void): void {
    this.#signals.onClosed(listener);
  }

  readonly #flushed = (error?: Error | null): void => {
    // A socket that was reset completes its writes too.
    if (error || this.#tcp.destroyed || !this.#owesDrained || this.#response.writableLength > 0) return;
    this.#owesDrained = false;
    this.#signals.drained();
  };

  #writeHead(head: AnswerHead, length: string | undefined): void {
    const flat = head.headers.flat();
    if (length !== undefined) flat.push('content-length', length);
    if (head.close || this.#exchange.draining()) flat.push('connection', 'close');
    this.#response.writeHead(head.status, head.text, flat);
  }

  #over(): boolean {
    return this.#life.name === 'finishing' || this.#life.name === 'closed';
  }

  #close(completed: boolean): void {
    if (this.#life.name === 'closed') return;
    this.#life = { name: 'closed' };
    this.#signals.closed(completed);
    this.#exchange.settled();
    this.#exchange.ended();
  }
}

/** A character for each byte. */
function latin1Of({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}
