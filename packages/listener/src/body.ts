import { ListenerError } from './errors.js';
import type { ReportFault } from './fault.js';
import type { BodyEvents, HeaderList, HttpRequest, RequestHead } from './types.js';

/** Where a driver takes the bytes of one request body from. */
export interface BodySource {
  read(events: BodyEvents): void;
  pause(): void;
  resume(): void;
}

/**
 * Lets an owner hear of a body what it was promised: nothing after `end` or `aborted`, and an exception ends this
 * request instead of the process.
 */
export class BodyReader {
  readonly #events: BodyEvents;
  readonly #report: ReportFault;
  readonly #failed: () => void;
  #over = false;

  /** @param failed cuts the connection of this request. */
  constructor(events: BodyEvents, report: ReportFault, failed: () => void) {
    this.#events = events;
    this.#report = report;
    this.#failed = failed;
  }

  data(chunk: Uint8Array): void {
    if (!this.#over) this.#tell(() => this.#events.data(chunk));
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#tell(() => this.#events.end());
  }

  aborted(): void {
    if (this.#over) return;
    this.#over = true;
    this.#tell(() => this.#events.aborted());
  }

  #tell(event: () => void): void {
    try {
      event();
    } catch (error) {
      this.#over = true;
      this.#report(error);
      this.#failed();
    }
  }
}

export function bodyAlreadyRead(): ListenerError {
  return new ListenerError('body_already_read', 'read() of a request body');
}

/** A request as owners see it: the head, and a body that a driver feeds. */
export class IncomingRequest implements HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: HeaderList;
  readonly remoteAddress: string;
  readonly #head: RequestHead;
  readonly #body: BodySource;

  constructor(head: RequestHead, body: BodySource) {
    this.method = head.method;
    this.path = head.path;
    this.query = head.query;
    this.headers = head.headers;
    this.remoteAddress = head.remoteAddress;
    this.#head = head;
    this.#body = body;
  }

  header(name: string): string | undefined {
    return this.#head.header(name);
  }

  read(events: BodyEvents): void {
    this.#body.read(events);
  }

  pause(): void {
    this.#body.pause();
  }

  resume(): void {
    this.#body.resume();
  }
}

/**
 * Reads a whole request body.
 * @param limitBytes largest body accepted, in bytes.
 * @throws ListenerError (as a rejection) `body_too_large`, `body_aborted`. After `body_too_large` nothing more is
 * read; answering the request lets the rest go.
 */
export function collectBody(request: HttpRequest, limitBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const tooLarge = (bytes: string) =>
      reject(new ListenerError('body_too_large', `body of ${bytes} bytes, limit ${limitBytes}`));
    const declared = Number(request.header('content-length') ?? 0);
    if (declared > limitBytes) {
      tooLarge(String(declared));
      return;
    }
    const chunks: Uint8Array[] = [];
    let total = 0;
    request.read({
      data(chunk) {
        total += chunk.length;
        if (total <= limitBytes) {
          chunks.push(chunk);
        } else {
          chunks.length = 0;
          request.pause();
          tooLarge(`at least ${total}`);
        }
      },
      end() {
        const [only] = chunks;
        resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, total));
      },
      aborted() {
        reject(new ListenerError('body_aborted', `body ended after ${total} bytes`));
      },
    });
  });
}
