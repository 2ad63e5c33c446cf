import { parseGrant, WINDOW } from '../wire.js';
import type { Endpoint } from './endpoint.js';
import { bytesOfItem, costOfItem, type Form, marked, unmarked } from './item.js';

/** An end that does not take what it is sent has no more than this, and one item, waiting in its own buffers. */
const BUFFER_BYTES = WINDOW.min;

/** What goes to a reader: as fast as it takes it, and as far as it has granted where it does. */
export class Outlet {
  readonly endpoint: Endpoint;
  #granted: number;
  #sent = 0;
  #isBuffered = false;
  #isClosed = false;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
    this.#granted = endpoint.hasCredit ? WINDOW.initial : Number.POSITIVE_INFINITY;
  }

  /** Whether something may be sent now. */
  get isReady(): boolean {
    if (this.#sent >= this.#granted || this.#isClosed) return false;
    return !this.#isBuffered || this.endpoint.bufferedBytes < BUFFER_BYTES;
  }

  /** Whether all that was sent has left. */
  get isDrained(): boolean {
    return !this.#isBuffered && !this.#isClosed;
  }

  /** Whether the reader can receive it in one message. */
  fits(data: Uint8Array, form: Form): boolean {
    return this.#messageBytes(data, form) <= this.endpoint.maxMessageBytes;
  }

  /** The largest piece of a binary item that the reader can receive, at its start. */
  pieceOf(data: Uint8Array): Uint8Array {
    return data.subarray(0, Math.max(1, this.endpoint.maxMessageBytes));
  }

  /** Sends what is ready to go and fits. False: the reader is gone, and `closed` will say how. */
  send(data: Uint8Array, form: Form): boolean {
    this.#sent += costOfItem(data, form);
    const outcome = this.#send(data, form);
    if (outcome === 'buffered') this.#isBuffered = true;
    else if (outcome === 'closed') this.#isClosed = true;
    return outcome !== 'closed';
  }

  drained(): void {
    this.#isBuffered = false;
  }

  /** Takes a grant. False: it is none, or takes back what was granted before. */
  grant(message: Uint8Array): boolean {
    const total = parseGrant(message);
    if (total === undefined || total < this.#granted) return false;
    this.#granted = total;
    return true;
  }

  #send(data: Uint8Array, form: Form): 'sent' | 'buffered' | 'closed' {
    if (form === 'binary') return this.endpoint.sendBinary(data);
    return this.endpoint.sendText(this.endpoint.hasCredit ? marked(data, form) : unmarked(data, form));
  }

  #messageBytes(data: Uint8Array, form: Form): number {
    if (form === 'binary') return data.byteLength;
    return bytesOfItem(data, form) + (this.endpoint.hasCredit ? 1 : 0);
  }
}
