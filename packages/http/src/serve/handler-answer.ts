import type { Readable } from 'node:stream';
import { type Deadlines, type Expiring, isRawNull, type Log, type RawJson } from 'iii-protocol';
import { type ChannelReader, InvocationError } from 'iii-sdk';
import { HttpError } from '../errors.js';
import { type Answer, newErrorId } from '../response/answer.js';
import type { HeaderDropped } from '../response/header-lines.js';
import { resultAnswer } from '../response/result.js';
import { StreamHead } from '../response/stream-head.js';
import type { RequestChannels } from './channels.js';
import type { Exchange } from './exchange.js';

/**
 * Milliseconds between the failure of a handler and that of its channel, whichever comes first, or the last that comes of
 * the channel.
 */
const FAILURE_GRACE_MS = 1_000;

type Life =
  /** Neither a result nor a piece of body has come. `unused`: nor anything else on the channel. */
  | { readonly phase: 'open'; returned: boolean; channel: 'unused' | 'claimed' | Error }
  /** The channel is the answer. The function may have failed meanwhile. `isMoving`: something came, or left, of late. */
  | { readonly phase: 'streaming'; failure: unknown; isMoving: boolean }
  /** Nothing that the handler does changes the answer any more. */
  | { readonly phase: 'over' };

export interface HandlerAnswerContext {
  readonly functionId: string;
  readonly deadlines: Deadlines;
  readonly logger: Log;
  readonly dropped: HeaderDropped;
  readonly ignored: (message: string) => void;
}

/**
 * What a handler answers: with its result, or on its channel, whichever comes first (spec/worker-http.md §8.1).
 *
 * A function that returns nothing answers on the channel, and official clients may connect to that only afterwards.
 * When nobody has after a grace, the answer is that of an empty result (§20.19, protocol.md §19.18).
 */
export class HandlerAnswer implements Expiring {
  readonly #exchange: Exchange;
  readonly #channels: RequestChannels;
  readonly #context: HandlerAnswerContext;
  /** Made when the handler first uses its channel. */
  #streamHead: StreamHead | undefined;
  #life: Life = { phase: 'open', returned: false, channel: 'unused' };
  /** What the handler writes, once it does. */
  #stream: Readable | undefined;
  #isCalling = true;
  #decide: (decision: Answer | undefined | Promise<never>) => void = () => {};

  constructor(exchange: Exchange, channels: RequestChannels, context: HandlerAnswerContext) {
    this.#exchange = exchange;
    this.#channels = channels;
    this.#context = context;
  }

  /**
   * Resolves with the answer; with nothing when it is being streamed, or when nobody waits for it.
   *
   * @throws InvocationError when the function fails before it has answered.
   * @throws HttpError `invalid_status`, `header_injection`, `response_cut_off`.
   */
  of(call: Promise<RawJson>): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      this.#decide = resolve;
      this.#listen();
      call.then(
        (result) => this.#returned(result),
        (error: unknown) => this.#threw(error),
      );
    });
  }

  expire(): void {
    const life = this.#life;
    if (life.phase === 'over') this.#exchange.dismiss('the response is complete');
    else if (life.phase === 'streaming') this.#cutOffAtRest(life);
    else if (life.channel instanceof Error) this.#refuse(cutOffError(life.channel));
    else this.#answer(undefined);
  }

  get #head(): StreamHead {
    this.#streamHead ??= new StreamHead(this.#context.dropped, this.#context.ignored);
    return this.#streamHead;
  }

  #listen(): void {
    this.#channels.response.onUsed((reader) => this.#read(reader));
    this.#exchange.dismissal.addEventListener('abort', () => this.#conclude(undefined));
  }

  #read(reader: ChannelReader): void {
    if (this.#channels.response.isAttached) this.#claimed();
    const { stream } = reader;
    this.#stream = stream;
    stream.on('data', (piece: Buffer) => this.#piece(piece));
    stream.on('end', () => this.#ended());
    stream.on('error', (error) => this.#channelFailed(error));
    reader.onMessage((text) => this.#text(text));
    this.#exchange.onDrained(() => this.#goOn(stream));
  }

  #text(text: string): void {
    if (this.#life.phase !== 'open') return;
    this.#claimed();
    this.#head.apply(text);
  }

  /** The function answers on the channel, and has until the deadline of its request. */
  #claimed(): void {
    if (this.#life.phase !== 'open') return;
    if (this.#life.channel === 'unused') this.#exchange.streams();
    this.#life.channel = 'claimed';
    this.#context.deadlines.remove(this);
  }

  #piece(piece: Buffer): void {
    this.#start();
    if (this.#life.phase !== 'streaming') return;
    this.#life.isMoving = true;
    if (this.#exchange.write(piece) === 'buffered') this.#stream?.pause();
  }

  /** The client has taken what there was: what comes next has as long as if something had come. */
  #goOn(stream: Readable): void {
    if (this.#life.phase === 'streaming') this.#life.isMoving = true;
    stream.resume();
  }

  #ended(): void {
    this.#start();
    if (this.#life.phase === 'streaming') this.#finish(this.#life.failure);
  }

  /** The first piece, or the end without one, sends status and headers on their way. */
  #start(): void {
    if (this.#life.phase !== 'open') return;
    this.#context.deadlines.remove(this);
    try {
      const { status, headers } = this.#head;
      this.#life = { phase: 'streaming', failure: undefined, isMoving: false };
      this.#exchange.start(status, headers);
      this.#decide(undefined);
      if (this.#exchange.request.method === 'HEAD' || status === 204 || status === 304) {
        this.#finish(undefined);
      }
    } catch (error) {
      this.#refuse(error);
    }
  }

  #finish(failure: unknown): void {
    this.#exchange.finish();
    this.#conclude(undefined);
    if (failure !== undefined) this.#log(failure, 'failed after its response');
    // What a handler does after its response has as long as the response had to begin.
    else if (this.#isCalling) this.#context.deadlines.add(this, this.#exchange.settings.timeoutMs);
  }

  /** The channel did not end as its writer should have ended it. */
  #channelFailed(error: Error): void {
    const life = this.#life;
    if (life.phase === 'streaming') {
      this.#cutOff(life.failure ?? error);
    } else if (life.phase === 'open') {
      const wasClaimed = life.channel === 'claimed';
      life.channel = error;
      // A result may still come, and an error says more. Of a channel nobody has used, nothing else was expected.
      if (life.returned) this.#refuse(cutOffError(error));
      else if (wasClaimed) this.#context.deadlines.add(this, FAILURE_GRACE_MS);
    }
  }

  #returned(result: RawJson): void {
    this.#settled();
    const life = this.#life;
    if (life.phase !== 'open') return;
    life.returned = true;
    if (!isRawNull(result)) this.#answer(result);
    else if (life.channel instanceof Error) this.#refuse(cutOffError(life.channel));
    else if (life.channel === 'unused') this.#context.deadlines.add(this, this.#graceMs);
  }

  #threw(error: unknown): void {
    this.#settled();
    const life = this.#life;
    if (life.phase === 'open') {
      this.#refuse(error);
    } else if (life.phase === 'streaming') {
      // The end of the channel takes another way: what was written to its end is complete all the same (§8.1).
      life.failure = error;
      this.#context.deadlines.add(this, FAILURE_GRACE_MS);
    } else if (!this.#exchange.dismissal.aborted) {
      this.#log(error, 'failed after its response');
    }
  }

  /** Never so long that the request would time out instead. */
  get #graceMs(): number {
    return Math.min(this.#exchange.settings.streamGraceMs, this.#exchange.remainingMs / 2);
  }

  #answer(result: RawJson | undefined): void {
    try {
      this.#conclude(resultAnswer(result, this.#context.dropped));
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    this.#conclude(Promise.reject(error));
    if (this.#isCalling) this.#exchange.dismiss('the response could not be sent');
  }

  /**
   * The function has failed. What it wrote before, perhaps to its end, may still be on its way, and a client may take its
   * time for it: only when nothing comes any more, nothing will.
   */
  #cutOffAtRest(life: Extract<Life, { readonly phase: 'streaming' }>): void {
    if (!life.isMoving && this.#stream?.isPaused() !== true) {
      this.#cutOff(life.failure);
      return;
    }
    life.isMoving = false;
    this.#context.deadlines.add(this, FAILURE_GRACE_MS);
  }

  /** An answer that has begun cannot become an error any more; its client must not take it for complete (§20.26). */
  #cutOff(failure: unknown): void {
    this.#log(failure, 'failed while its response was being sent, which was cut off');
    this.#exchange.abandon();
  }

  /** What the answer is, is settled. */
  #conclude(decision: Answer | undefined | Promise<never>): void {
    if (this.#life.phase === 'over') return;
    this.#life = { phase: 'over' };
    this.#context.deadlines.remove(this);
    this.#decide(decision);
    this.#channels.response.remove();
    this.#removeRequestBody();
  }

  #settled(): void {
    this.#isCalling = false;
    if (this.#life.phase === 'over') this.#context.deadlines.remove(this);
    this.#removeRequestBody();
  }

  /** A handler may read on while it runs, and after it has returned for as long as it answers (§20.18). */
  #removeRequestBody(): void {
    if (!this.#isCalling && this.#life.phase === 'over') this.#channels.requestBody.remove();
  }

  #log(failure: unknown, what: string): void {
    const { functionId, logger } = this.#context;
    const code = failure instanceof InvocationError ? { code: failure.code } : {};
    logger.error(
      { error_id: newErrorId(), ...this.#exchange.logFields, function_id: functionId, ...code, err: failure },
      `${functionId} ${what}`,
    );
  }
}

function cutOffError(error: Error): HttpError {
  return new HttpError('response_cut_off', error.message, { cause: error });
}
