import { BodyReader, type BodySource, bodyAlreadyRead } from '../body.js';
import { ListenerError } from '../errors.js';
import type { ReportFault } from '../fault.js';
import type { BodyEvents } from '../types.js';
import type { NativeResponse } from './native.js';
import { calledFor } from './own-turn.js';

/**
 * What comes in from the client. `held`: more is to come, and reading from the connection is paused. `napping`: the
 * same, for a while. `complete`: the last byte is here. `gone`: the client left, or the native object is void.
 */
type Inflow =
  | { readonly name: 'flowing' | 'held' | 'complete' | 'gone' }
  | { readonly name: 'napping'; readonly alarm: NodeJS.Timeout };

/** Bytes kept for an owner that does not want them yet, while the answer is blocked: when naps begin, and the end. */
const EASY_KEPT_BYTES = 1024 * 1024;
export const MAX_KEPT_BYTES = 8 * 1024 * 1024;

/** Naps double, so that the bytes read between them fill what may be kept in about the 10 s the library would wait. */
const FIRST_NAP_MS = 10;
const LONGEST_NAP_MS = 1000;

/** What a body needs to know of the answer on the same connection. */
export interface AnswerSide {
  /** The answer waits for the connection to become writable. */
  readonly blocked: boolean;
  /** Cuts the connection. */
  abort(): void;
}

/**
 * The body of one request. uWebSockets.js pushes it; what arrives while nobody wants it is kept here, and reading
 * from the connection is paused. Measured: `pause` holds back everything but the bytes already read, at most 512 KiB,
 * which are still delivered; and it stops all notice of writability too. So while the answer is blocked there are
 * only short naps, between which more may come in, and past {@link MAX_KEPT_BYTES} the connection is cut.
 */
export class UwsBody implements BodySource {
  readonly #res: NativeResponse;
  readonly #report: ReportFault;
  readonly #answer: AnswerSide;
  #inflow: Inflow;
  #reader: BodyReader | 'unread' | 'dropped' = 'unread';
  /** The owner said `pause`. */
  #stopped = false;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #napMs = FIRST_NAP_MS;
  #holdIsDue = false;

  /** @param announced the head says that a body follows. */
  constructor(res: NativeResponse, announced: boolean, report: ReportFault, answer: AnswerSide) {
    this.#res = res;
    this.#report = report;
    this.#answer = answer;
    this.#inflow = { name: announced ? 'flowing' : 'complete' };
    if (!announced) return;
    res.onData((chunk, isLast) => {
      calledFor(res);
      this.#received(chunk, isLast);
    });
  }

  read(events: BodyEvents): void {
    if (typeof this.#reader === 'object') throw bodyAlreadyRead();
    const reader = new BodyReader(events, this.#report, () => this.#answer.abort());
    if (this.#reader === 'dropped' || this.#inflow.name === 'gone') {
      queueMicrotask(() => reader.aborted());
      return;
    }
    this.#reader = reader;
    this.#continue();
  }

  pause(): void {
    this.#stopped = true;
  }

  resume(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#continue();
  }

  /** The client is gone. */
  lost(): void {
    this.#become('gone');
    this.#forget();
    if (typeof this.#reader === 'object') this.#reader.aborted();
  }

  /**
   * The answer is complete: what is left of the body is thrown away, so that the connection lives on. Must come
   * before the native call that ends the answer, which voids the native object.
   */
  drop(): void {
    const reader = this.#reader;
    if (reader === 'dropped') return;
    this.#reader = 'dropped';
    this.#forget();
    this.#letFlow();
    this.#become('gone');
    if (typeof reader === 'object') reader.aborted();
  }

  /** The answer is blocked: the failed write has made the library watch the connection again, for reading too. */
  answerBlocked(): void {
    if (this.#inflow.name === 'held') this.#become('flowing');
  }

  answerUnblocked(): void {
    this.#holdSoon();
  }

  #received(chunk: ArrayBuffer, isLast: boolean): void {
    if (this.#reader === 'dropped') return;
    // So the connection is being read after all: a small write has failed, and the library did not say.
    if (this.#inflow.name === 'held') this.#become('flowing');
    if (chunk.byteLength > 0) {
      // The memory is only lent for the duration of this call.
      this.#kept.push(Buffer.from(new Uint8Array(chunk)));
      this.#keptBytes += chunk.byteLength;
    }
    if (isLast) this.#become('complete');
    this.#deliver();
    this.#holdSoon();
  }

  /**
   * In the next turn of the loop, when the library has delivered what it had read: if that includes the end of the
   * body, there is nothing to hold back, and a connection paused for nothing would hide its next request and the
   * leaving of its client.
   */
  #holdSoon(): void {
    if (this.#holdIsDue || this.#wanted()) return;
    this.#holdIsDue = true;
    setImmediate(() => {
      this.#holdIsDue = false;
      if (this.#inflow.name === 'flowing' && !this.#wanted()) this.#hold();
    });
  }

  #hold(): void {
    if (!this.#answer.blocked) {
      this.#become('held');
      this.#res.pause();
    } else if (this.#keptBytes > MAX_KEPT_BYTES) {
      this.#report(new ListenerError('body_backlog_overflow', `${this.#keptBytes} bytes of a request body`));
      this.#answer.abort();
    } else if (this.#keptBytes > EASY_KEPT_BYTES) {
      this.#nap();
    }
  }

  #nap(): void {
    this.#become('flowing');
    this.#inflow = { name: 'napping', alarm: setTimeout(() => this.#letFlow(), this.#napMs) };
    this.#napMs = Math.min(this.#napMs * 2, LONGEST_NAP_MS);
    this.#res.pause();
  }

  #become(name: Exclude<Inflow['name'], 'napping'>): void {
    if (this.#inflow.name === 'napping') clearTimeout(this.#inflow.alarm);
    this.#inflow = { name };
  }

  #wanted(): boolean {
    return this.#reader !== 'unread' && !this.#stopped;
  }

  /** Delivery never starts from within the owner's own call. */
  #continue(): void {
    queueMicrotask(() => {
      this.#deliver();
      if (this.#wanted()) this.#letFlow();
    });
  }

  /**
   * Only while bytes are still to come: `resume` arms a timer of about 10 s that only the last byte of the body
   * disarms, and that would cut a slow answer.
   */
  #letFlow(): void {
    if (this.#inflow.name !== 'held' && this.#inflow.name !== 'napping') return;
    this.#become('flowing');
    this.#res.resume();
  }

  #forget(): void {
    this.#kept = [];
    this.#keptBytes = 0;
  }

  #deliver(): void {
    while (typeof this.#reader === 'object' && !this.#stopped) {
      const chunk = this.#kept.shift();
      if (chunk !== undefined) {
        this.#keptBytes -= chunk.length;
        this.#napMs = FIRST_NAP_MS;
        this.#reader.data(chunk);
      } else {
        if (this.#inflow.name === 'complete') this.#reader.end();
        return;
      }
    }
  }
}
