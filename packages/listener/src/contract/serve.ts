import type { HttpRequest, HttpResponse } from '../types.js';
import { Inbox } from './inbox.js';

/** One request as the owner of a port sees it. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
}

/** Collects requests for a test that answers them itself. */
export class Exchanges {
  readonly inbox = new Inbox<Exchange>();

  readonly onRequest = (request: HttpRequest, response: HttpResponse): void => {
    this.inbox.push({ request, response });
  };

  next(): Promise<Exchange> {
    return this.inbox.next();
  }
}

/** How an answer ended, once it has. */
export function outcome(response: HttpResponse): Promise<boolean> {
  return new Promise((resolve) => response.onClosed(resolve));
}

export function get(path = '/', headers: string[] = [], method = 'GET'): string {
  return [`${method} ${path} HTTP/1.1`, 'Host: localhost', ...headers, '\r\n'].join('\r\n');
}

/** The head of a request whose body of `length` bytes follows. */
export function post(path: string, length: number, headers: string[] = []): string {
  return get(path, [`Content-Length: ${length}`, ...headers], 'POST');
}

/** What a request body did, in order. */
export class Body {
  readonly chunks: Uint8Array[] = [];
  readonly ends = new Inbox<'end' | 'aborted'>();
  readonly arrivals = new Inbox<number>();
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  data(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.chunks.push(chunk);
    this.arrivals.push(this.#bytes);
  }

  end(): void {
    this.ends.push('end');
  }

  aborted(): void {
    this.ends.push('aborted');
  }
}
