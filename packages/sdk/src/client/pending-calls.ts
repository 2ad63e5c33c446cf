import { type Clock, Deadlines, type Expiring, SlotMap } from 'iii-protocol';
import { InvocationError } from '../errors.js';
import type { AbortSource } from '../protocol.js';
import { abortReason, SignalWatch } from './signal-watch.js';

/** The longest a timer can be; anything beyond waits for ever. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
/** Timeouts are exact to twice this. */
const GRANULARITY_MS = 10;

/** A call its caller no longer waits for. */
export interface Abandoned {
  readonly id: string;
  /** Whether the engine has been told of it. */
  readonly isSent: boolean;
  /** What there is to say about it. */
  readonly reason: string | undefined;
}

/** What a call is waited for with. */
export interface Patience {
  readonly timeoutMs: number;
  readonly signal?: AbortSource | undefined;
  /** Whether the signal may be given a listener for this call alone. */
  readonly ownsSignal?: boolean | undefined;
}

class PendingCall implements Expiring {
  /** Whether the engine has been told; only then can it be lost with the connection. */
  isSent = false;
  /** Lets go of the signal it is bound to. */
  unwatch: (() => void) | undefined;
  slot: number | undefined;
  place: number | undefined;

  constructor(
    readonly id: string,
    readonly functionId: string,
    private readonly timeoutMs: number,
    readonly resolve: (value: unknown) => void,
    readonly reject: (error: unknown) => void,
    private readonly abandon: (id: string, error: unknown, reason: string | undefined) => void,
  ) {}

  expire(): void {
    const message = `invocation timed out after ${this.timeoutMs}ms`;
    const error = new InvocationError({ code: 'TIMEOUT', message, function_id: this.functionId });
    this.abandon(this.id, error, 'TIMEOUT');
  }
}

/** Calls whose answer has not come. Each ends exactly once: answered, timed out, aborted, or lost. */
export class PendingCalls {
  readonly #calls = new SlotMap<string, PendingCall>();
  readonly #deadlines: Deadlines;
  readonly #signals = new SignalWatch();

  /** @param abandoned told of calls that have timed out or were aborted, after they are gone from here. */
  constructor(
    clock: Clock,
    private readonly abandoned: (call: Abandoned) => void,
  ) {
    this.#deadlines = new Deadlines(clock, GRANULARITY_MS);
  }

  /** Resolves with the result of the call, or rejects with what became of it. */
  expect(id: string, functionId: string, { timeoutMs, signal, ownsSignal }: Patience): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = new PendingCall(id, functionId, timeoutMs, resolve, reject, this.#abandon);
      this.#calls.set(id, call);
      if (isBounded(timeoutMs)) this.#deadlines.add(call, timeoutMs);
      if (signal === undefined) return;
      const aborted = () => this.#abandon(id, abortReason(signal), describeReason(signal.reason));
      if (!ownsSignal) {
        call.unwatch = this.#signals.watch(signal, aborted);
        return;
      }
      signal.addEventListener('abort', aborted);
      call.unwatch = () => signal.removeEventListener('abort', aborted);
    });
  }

  markSent(id: string): void {
    const call = this.#calls.get(id);
    if (call !== undefined) call.isSent = true;
  }

  succeed(id: string, result: unknown): void {
    this.#take(id)?.resolve(result);
  }

  /** @param failure makes the error once it is known which function was called. */
  fail(id: string, failure: (functionId: string) => unknown): void {
    const call = this.#take(id);
    call?.reject(failure(call.functionId));
  }

  /** The engine has forgotten every call it was told of. */
  failSent(failure: (functionId: string) => Error): void {
    for (const [id, call] of [...this.#calls]) {
      if (call.isSent) this.fail(id, failure);
    }
  }

  /** Nothing will ever be answered again. */
  failAll(failure: (functionId: string) => Error): void {
    for (const id of [...this.#calls.keys()]) this.fail(id, failure);
    this.#deadlines.close();
  }

  readonly #abandon = (id: string, error: unknown, reason: string | undefined): void => {
    const call = this.#take(id);
    if (call === undefined) return;
    call.reject(error);
    this.abandoned({ id, isSent: call.isSent, reason });
  };

  #take(id: string): PendingCall | undefined {
    const call = this.#calls.delete(id);
    if (call === undefined) return undefined;
    this.#deadlines.remove(call);
    call.unwatch?.();
    return call;
  }
}

/** What the engine is told of a timeout: milliseconds from when it hears of the call; undefined waits for ever. */
export function deadlineOf(timeoutMs: number): number | undefined {
  return isBounded(timeoutMs) ? Math.max(0, timeoutMs) : undefined;
}

/** Whether a timer can be that long; what cannot be timed lasts for ever. */
export function isBounded(ms: number): boolean {
  return ms <= LONGEST_TIMEOUT_MS;
}

/** Longest text of a reason that travels. */
const MAX_REASON_LENGTH = 256;

function describeReason(reason: unknown): string | undefined {
  const text = reason instanceof Error ? reason.message : reason;
  return typeof text === 'string' && text !== '' ? text.slice(0, MAX_REASON_LENGTH) : undefined;
}
