import type { HeaderList, HttpRequest, HttpResponse, SendOutcome } from 'iii-listener';
import type { Clock, Deadlines, Expiring, Log } from 'iii-protocol';
import type { BodyBudget, BodyShare } from '../request/body-budget.js';
import { idField, type RequestId } from '../request/request-id.js';
import { type Answer, errorAnswer, newErrorId } from '../response/answer.js';
import type { Route } from '../routing/route.js';
import type { PathParams } from '../routing/route-table.js';
import { Dismissal } from './dismissal.js';
import type { Settings } from './settings.js';
import type { Entrant } from './slots.js';

/** What a running exchange waits for; it decides what its client is told when the time is up. */
export type Activity = 'middleware' | 'other';

/**
 * *waiting* for a slot → *running* → *answered*: the listener has the answer → *closed*: the client has it, or is
 * gone. While its body arrives, a running exchange gives its slot to others, and is waiting again afterwards. An answer
 * in pieces is *streaming* before it is *answered*. A client that leaves closes it from anywhere.
 */
type Life =
  /** `resume` goes on with what had begun, or sees that it is over. */
  | { readonly phase: 'waiting'; readonly resume?: () => void }
  | { readonly phase: 'running'; activity: Activity }
  | { readonly phase: 'streaming' }
  | { readonly phase: 'answered' }
  | { readonly phase: 'closed' };

export interface ExchangeContext {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly logger: Log;
  readonly bodies: BodyBudget;
  /** Serves the request. Called once the exchange has its slot; never rejects. */
  readonly run: (exchange: Exchange) => void;
  readonly places: Places;
}

/** What is known of a request when it begins to be served. */
export interface ExchangeFacts {
  readonly route: Route;
  readonly pathParams: PathParams;
  readonly settings: Settings;
  readonly id: RequestId | undefined;
}

/** Where exchanges are among those served at a time (spec/worker-http.md §9.4). */
export interface Places {
  enter(exchange: Exchange): void;
  leave(exchange: Exchange): void;
  /** The handler has begun to stream: such exchanges may last, and are counted apart from the others. */
  streams(exchange: Exchange): void;
}

/** Bytes a second that a client must take on average, so that it does not hold its slot for ever. */
const SLOWEST_BYTES_PER_SECOND = 16 * 1024;

/**
 * One request that has a route, and its answer. There is one deadline: first until the answer begins, then for taking
 * it. None counts while it is streaming: a stream may be silent for as long as it likes (spec/worker-http.md §9.2).
 */
export class Exchange implements Entrant, Expiring {
  readonly route: Route;
  readonly pathParams: PathParams;
  readonly settings: Settings;
  readonly id: RequestId | undefined;
  readonly #response: HttpResponse;
  readonly #context: ExchangeContext;
  readonly #due: number;
  /** Memory for the body. */
  readonly bodyShare: BodyShare;
  /** Happens when nobody waits for what is done for it any more. */
  readonly dismissal = new Dismissal();
  #life: Life = { phase: 'waiting' };

  constructor(
    readonly request: HttpRequest,
    response: HttpResponse,
    { route, pathParams, settings, id }: ExchangeFacts,
    context: ExchangeContext,
  ) {
    this.route = route;
    this.pathParams = pathParams;
    this.settings = settings;
    this.id = id;
    this.#response = response;
    this.#context = context;
    this.bodyShare = context.bodies.open();
    this.#due = context.clock.monotonic() + settings.timeoutMs;
    context.deadlines.add(this, settings.timeoutMs);
  }

  /** Whether somebody still waits for an answer. */
  get isOpen(): boolean {
    return this.#life.phase === 'waiting' || this.#life.phase === 'running';
  }

  /** What log lines say of which request they are about. */
  get logFields(): { method: string; route: string; request_id?: string } {
    return { method: this.route.method, route: this.route.apiPath, ...idField(this.id) };
  }

  /** Milliseconds until the answer is due. */
  get remainingMs(): number {
    return Math.max(0, this.#due - this.#context.clock.monotonic());
  }

  begin(): void {
    if (this.#life.phase !== 'waiting') return;
    const { resume } = this.#life;
    this.#life = { phase: 'running', activity: 'other' };
    if (resume === undefined) this.#context.run(this);
    else resume();
  }

  /** The client has yet to send something: others are served meanwhile, however long that takes. */
  leaveSlot(): void {
    this.#context.places.leave(this);
  }

  /** Resolves when there is a slot again, or the exchange is over. */
  regainSlot(): Promise<void> {
    return new Promise((resume) => {
      if (this.#life.phase === 'running') {
        this.#life = { phase: 'waiting', resume };
        this.#context.places.enter(this);
      } else {
        resume();
      }
    });
  }

  /** The handler uses one of its channels. */
  streams(): void {
    this.#context.places.streams(this);
  }

  waitsFor(activity: Activity): void {
    if (this.#life.phase === 'running') this.#life.activity = activity;
  }

  /** Sends the answer, unless there is one already or the client is gone. */
  answer(answer: Answer): void {
    if (!this.isOpen) return;
    this.#become({ phase: 'answered' });
    const { status, headers, body } = answer;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    this.#takenWithin(bytes.length);
    try {
      this.#response.send(status, this.settings.finish.apply(this.request, headers, this.id), bytes);
    } catch (error) {
      this.#refused(error);
    }
  }

  /** Begins an answer in pieces, unless there is one already or the client is gone. */
  start(status: number, headers: HeaderList): void {
    if (!this.isOpen) return;
    this.#life = { phase: 'streaming' };
    this.#context.deadlines.remove(this);
    try {
      this.#response.start(status, this.settings.finish.apply(this.request, headers, this.id));
    } catch (error) {
      this.#refused(error);
    }
  }

  write(piece: Uint8Array): SendOutcome {
    return this.#life.phase === 'streaming' ? this.#response.write(piece) : 'closed';
  }

  /** After a write that was `buffered`: everything has reached the kernel. */
  onDrained(listener: () => void): void {
    this.#response.onDrained(listener);
  }

  /** All pieces are written. */
  finish(): void {
    if (this.#life.phase !== 'streaming') return;
    this.#life = { phase: 'answered' };
    this.#takenWithin(this.#response.bufferedBytes);
    this.#response.end();
  }

  /** There is nobody to answer any more, or nothing more to say: an answer that has begun is seen to be cut off. */
  abandon(): void {
    this.closed(false);
    this.#response.abort();
  }

  expire(): void {
    switch (this.#life.phase) {
      case 'waiting':
        this.#timeOut('TIMEOUT', 'no slot was free');
        return;
      case 'running':
        if (this.#life.activity === 'middleware') this.#timeOut('MIDDLEWARE_TIMEOUT', 'middleware is slow');
        else this.#timeOut('TIMEOUT', 'no answer came');
        return;
      case 'answered':
        this.#response.abort();
        return;
      case 'streaming':
      case 'closed':
    }
  }

  /** The worker must stop at once. */
  cut(): void {
    if (this.isOpen) {
      this.answer(errorAnswer('SHUTTING_DOWN'));
      this.dismiss('the http worker is stopping');
    } else {
      this.#response.abort();
    }
  }

  /** Nobody waits for what is done for it any more. */
  dismiss(reason: string): void {
    this.dismissal.dismiss(reason);
  }

  /** The listener is done with it. `completed`: the client has its answer, as far as can be known. */
  closed(completed: boolean): void {
    this.#become({ phase: 'closed' });
    this.#context.deadlines.remove(this);
    this.bodyShare.release();
    if (!completed) this.dismiss('the client of the request is gone');
  }

  #become(life: Life): void {
    const before = this.#life;
    this.#life = life;
    if (before.phase === 'waiting') before.resume?.();
  }

  /** An answer that the listener refuses cuts the connection. */
  #refused(error: unknown): void {
    this.#context.logger.error({ err: error, ...this.logFields }, 'an answer could not be sent');
    this.#response.abort();
  }

  #takenWithin(bytes: number): void {
    const secondsToTake = bytes / SLOWEST_BYTES_PER_SECOND;
    this.#context.deadlines.add(this, this.settings.timeoutMs + secondsToTake * 1000);
  }

  #timeOut(code: 'TIMEOUT' | 'MIDDLEWARE_TIMEOUT', what: string): void {
    // MIDDLEWARE_TIMEOUT has no error_id in its answer (spec/worker-http.md §8.3).
    const errorId = code === 'TIMEOUT' ? newErrorId() : undefined;
    this.#context.logger.warn(
      { error_id: errorId, code, ...this.logFields, function_id: this.route.functionId },
      `${what} within ${this.settings.timeoutMs} ms`,
    );
    const answer = errorAnswer(code, errorId);
    // What is late may be the body: a client that drips it would hold the connection for as long as it likes.
    this.answer({ ...answer, headers: [...answer.headers, ['connection', 'close']] });
    this.dismiss(`the request was not answered within ${this.settings.timeoutMs} ms`);
  }
}
