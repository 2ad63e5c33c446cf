import type { HeaderList } from 'iii-listener';
import { HttpError } from '../errors.js';
import { isRecord } from '../is-record.js';
import { type HeaderDropped, headerLines } from './header-lines.js';

/**
 * Status and headers of an answer that a handler writes to its channel, gathered from the control messages before the
 * first piece of body (spec/worker-http.md §9.1).
 */
export class StreamHead {
  readonly #headers = new Map<string, HeaderList>();
  readonly #dropped: HeaderDropped;
  readonly #ignored: (message: string) => void;
  #status = 200;

  /** @param ignored hears of control messages that mean nothing. */
  constructor(dropped: HeaderDropped, ignored: (message: string) => void) {
    this.#dropped = dropped;
    this.#ignored = ignored;
  }

  /** Takes a text message. What is no control message, or not a sound one, changes nothing. */
  apply(text: string): void {
    const message = parse(text);
    if (!isRecord(message)) return;
    if (message.type === 'set_status') this.#setStatus(message.status_code);
    else if (message.type === 'set_headers' && isRecord(message.headers)) this.#setHeaders(message.headers);
  }

  /** @throws HttpError `invalid_status` for one that is not final (§20.22). */
  get status(): number {
    if (this.#status < 200) throw new HttpError('invalid_status', `set_status ${this.#status}`);
    return this.#status;
  }

  get headers(): HeaderList {
    return [...this.#headers.values()].flat();
  }

  #setStatus(status: unknown): void {
    if (typeof status === 'number' && Number.isInteger(status) && status >= 100 && status <= 599) {
      this.#status = status;
    } else {
      this.#ignored(`ignored set_status ${JSON.stringify(status)}: use a whole number from 200 to 599`);
    }
  }

  /** The last value of a name counts, in whatever case it was written; a list stands for several lines (§20.25). */
  #setHeaders(headers: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(headers)) {
      const lines = this.#lines(name, value);
      if (lines.length > 0) this.#headers.set(name.toLowerCase(), lines);
    }
  }

  #lines(name: string, value: unknown): HeaderList {
    try {
      return headerLines({ [name]: value }, this.#dropped);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.#dropped(name, 'it has a line break or NUL in it');
      return [];
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
