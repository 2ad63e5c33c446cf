import type { Clock } from 'iii-protocol';
import { CLOSE, isCleanClose } from '../wire.js';
import type { Endpoint, EndpointEvents } from './endpoint.js';
import { aborted, failed, notKept, VERDICTS, type Verdict, violation } from './errors.js';
import { createIntake, type Intake, type IntakeOptions } from './intake.js';
import { bytesOfItem, costOfItem, type Form, isMarked, type WaitingItem } from './item.js';
import { Outlet } from './outlet.js';
import { RateMeter } from './rate.js';

/** One end of a pipe. It is attached once; what it leaves behind is what the other end is told of it. */
type End =
  | { readonly state: 'waiting' }
  | { readonly state: 'attached'; readonly endpoint: Endpoint }
  | { readonly state: 'gone'; readonly verdict: Verdict };

const WAITING: End = { state: 'waiting' };

/** What an end is told that was refused: nothing. */
const NO_EVENTS: EndpointEvents = { message: () => {}, drained: () => {}, closed: () => {} };

export interface PipeOptions extends IntakeOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Both ends are gone. */
  readonly onEnd: () => void;
  /** It ended otherwise than its ends wanted. */
  readonly onFailure: (reason: string, cause?: unknown) => void;
}

/**
 * One writer, one reader, and what is on the way between them (protocol.md §8). Items that were taken from a writer
 * are handed to the reader before it is told how the writer ended, well or badly; it is told that all is well only
 * when everything has left.
 */
export class Pipe {
  readonly #options: PipeOptions;
  readonly #rate: RateMeter;
  #writer: End = WAITING;
  #reader: End = WAITING;
  #intake: Intake | undefined;
  #outlet: Outlet | undefined;
  #isPumping = false;
  #bytes = 0;
  #messages = 0;

  constructor(options: PipeOptions) {
    this.#options = options;
    this.#rate = new RateMeter(options.clock);
  }

  get writer(): End['state'] {
    return this.#writer.state;
  }

  get reader(): End['state'] {
    return this.#reader.state;
  }

  /** What was handed to the reader, and what waits for it. */
  get figures() {
    return {
      bytes: this.#bytes,
      messages: this.#messages,
      bytes_per_second: this.#rate.perSecond(),
      buffered_bytes: this.#intake?.buffered ?? 0,
      spooled_bytes: this.#intake?.spooled ?? 0,
    };
  }

  attachWriter(endpoint: Endpoint): EndpointEvents {
    if (this.#writer.state !== 'waiting') return refuse(endpoint, VERDICTS.unavailable);
    if (this.#reader.state === 'gone') {
      const { verdict } = this.#reader;
      this.#writer = { state: 'gone', verdict };
      this.#options.onEnd();
      return refuse(endpoint, verdict);
    }
    this.#writer = { state: 'attached', endpoint };
    const intake = createIntake(endpoint, this.#options);
    this.#intake = intake;
    return {
      message: endpoint.hasCredit
        ? (data, isBinary) => {
            if (isBinary) this.#take(intake, data, 'binary');
            else if (isMarked(data)) this.#take(intake, data, 'marked');
            else this.#violated('writer', 'a text message of a writer begins with "m"');
          }
        : (data, isBinary) => this.#take(intake, data, isBinary ? 'binary' : 'text'),
      drained: () => {},
      closed: (code, reason) => {
        if (this.#writer.state !== 'attached') return;
        this.#writerGone(isCleanClose(code) ? VERDICTS.complete : aborted('writer', code, reason));
        this.#settle();
      },
    };
  }

  attachReader(endpoint: Endpoint): EndpointEvents {
    if (this.#reader.state !== 'waiting') return refuse(endpoint, VERDICTS.unavailable);
    this.#reader = { state: 'attached', endpoint };
    const outlet = new Outlet(endpoint);
    this.#outlet = outlet;
    this.#pump();
    return {
      message: (data, isBinary) => {
        // Readers without credit have nothing to say.
        if (this.#reader.state !== 'attached' || !endpoint.hasCredit) return;
        if (isBinary || !outlet.grant(data)) {
          this.#violated('reader', 'a reader sends nothing but "c" and a total that is not below its last');
        } else this.#pump();
      },
      drained: () => {
        outlet.drained();
        this.#pump();
      },
      closed: (code, reason) => {
        if (this.#reader.state !== 'attached') return;
        const isDone = isCleanClose(code) || code === CLOSE.readerDone;
        this.#readerGone(isDone ? VERDICTS.readerDone : aborted('reader', code, reason));
      },
    };
  }

  /** Ends it now, whatever waits: every end that is attached is closed with the verdict. */
  end(verdict: Verdict): void {
    const gone: End = { state: 'gone', verdict };
    if (this.#writer.state === 'gone' && this.#reader.state === 'gone') return;
    if (this.#writer.state === 'waiting') this.#writer = gone;
    if (this.#reader.state === 'waiting') this.#reader = gone;
    this.#fail(verdict, verdict);
  }

  /** To be called now and then. */
  review(): void {
    this.#intake?.review();
  }

  /** An item of the writer. Where nothing is in the way it goes straight on, without being kept. */
  #take(intake: Intake, data: Uint8Array, form: Form): void {
    if (this.#writer.state !== 'attached') return;
    const cost = costOfItem(data, form);
    if (!intake.admit(cost)) {
      this.#violated('writer', 'a writer begins no item beyond what it was granted');
      return;
    }
    const outlet = this.#outlet;
    const isReady = outlet?.isReady === true;
    if (isReady && intake.isEmpty && outlet.fits(data, form)) {
      if (outlet.send(data, form)) this.#passed(intake, bytesOfItem(data, form), cost);
      return;
    }
    try {
      intake.store(data, form, cost);
    } catch (error) {
      this.#failKeeping(error);
      return;
    }
    if (isReady) this.#pump();
  }

  /** Sends on what waits, as far as the reader takes it. */
  #pump(): void {
    const outlet = this.#outlet;
    const intake = this.#intake;
    // An end in this process may answer from within a call.
    if (this.#isPumping || outlet === undefined) return;
    this.#isPumping = true;
    try {
      while (intake !== undefined && this.#reader.state === 'attached' && outlet.isReady) {
        const item = intake.peek();
        if (item === undefined) break;
        this.#sendOn(intake, outlet, item);
      }
    } catch (error) {
      this.#failKeeping(error);
    } finally {
      this.#isPumping = false;
    }
    this.#settle();
  }

  #sendOn(intake: Intake, outlet: Outlet, item: WaitingItem): void {
    const { data, form } = item;
    const fits = outlet.fits(data, form);
    if (!fits && form !== 'binary') {
      const limit = outlet.endpoint.maxMessageBytes;
      const verdict = failed(
        `a text of ${data.byteLength} bytes is over the reader's limit of ${limit}: send it as binary`,
      );
      this.#options.onFailure(verdict.reason);
      this.#fail(verdict, verdict);
      return;
    }
    const piece = fits ? data : outlet.pieceOf(data);
    if (!outlet.send(piece, form)) return;
    if (fits) {
      intake.remove();
      this.#passed(intake, bytesOfItem(piece, form), item.cost);
    } else {
      item.data = data.subarray(piece.byteLength);
      this.#bytes += piece.byteLength;
      this.#rate.add(piece.byteLength);
    }
  }

  #passed(intake: Intake, bytes: number, cost: number): void {
    this.#bytes += bytes;
    this.#messages++;
    this.#rate.add(bytes);
    intake.passed(cost);
  }

  /** Tells the reader how the writer ended, once everything has left: closing would give it only seconds. */
  #settle(): void {
    if (this.#writer.state !== 'gone' || this.#reader.state !== 'attached') return;
    if (this.#intake?.isEmpty === false || this.#outlet?.isDrained === false) return;
    const { verdict } = this.#writer;
    this.#reader.endpoint.close(verdict.code, verdict.reason);
    this.#readerGone(verdict);
  }

  #writerGone(verdict: Verdict): void {
    this.#writer = { state: 'gone', verdict };
    this.#intake?.detach();
    this.#endIfOver();
  }

  #readerGone(verdict: Verdict): void {
    this.#reader = { state: 'gone', verdict };
    this.#intake?.close();
    if (this.#writer.state === 'attached') {
      this.#writer.endpoint.close(verdict.code, verdict.reason);
      this.#writer = { state: 'gone', verdict };
    }
    this.#endIfOver();
  }

  #violated(who: 'reader' | 'writer', rule: string): void {
    const own = violation(rule);
    const other = failed(`the ${who} broke the protocol: ${rule}`);
    this.#options.onFailure(other.reason);
    if (who === 'writer') this.#fail(own, other);
    else this.#fail(other, own);
  }

  #failKeeping(error: unknown): void {
    const verdict = notKept(error);
    this.#options.onFailure(verdict.reason, error);
    this.#fail(verdict, verdict);
  }

  /** Drops what waits and closes the ends that are attached. One that comes later is told the same. */
  #fail(toWriter: Verdict, toReader: Verdict): void {
    this.#intake?.close();
    if (this.#reader.state === 'attached') {
      this.#reader.endpoint.close(toReader.code, toReader.reason);
      this.#reader = { state: 'gone', verdict: toWriter };
    }
    if (this.#writer.state === 'attached') {
      this.#writer.endpoint.close(toWriter.code, toWriter.reason);
      this.#writer = { state: 'gone', verdict: toReader };
    }
    this.#endIfOver();
  }

  #endIfOver(): void {
    if (this.#writer.state === 'gone' && this.#reader.state === 'gone') this.#options.onEnd();
  }
}

export function refuse(endpoint: Endpoint, { code, reason }: Verdict): EndpointEvents {
  endpoint.close(code, reason);
  return NO_EVENTS;
}
