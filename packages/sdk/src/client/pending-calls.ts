import { type Clock, Deadlines, type Expiring } from 'iii-protocol';
import { InvocationError } from '../errors.js';

/** The longest a timer can be; anything beyond waits for ever. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
/** Timeouts are exact to twice this. */
const GRANULARITY_MS = 10;

interface PendingCall extends Expiring {
  readonly functionId: string;
  /** Whether the engine has been told; only then can it be lost with the connection. */
  isSent: boolean;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Calls whose answer has not come. Each ends exactly once: answered, timed out, or lost. */
export class PendingCalls {
  readonly #calls = new Map<string, PendingCall>();
  readonly #deadlines: Deadlines;

  constructor(clock: Clock) {
    this.#deadlines = new Deadlines(clock, GRANULARITY_MS);
  }

  has(id: string): boolean {
    return this.#calls.has(id);
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Resolves with the result of the call, or rejects with what became of it. */
  expect(id: string, functionId: string, timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call: PendingCall = {
        functionId,
        isSent: false,
        resolve,
        reject,
        expire: () => {
          this.#calls.delete(id);
          const message = `invocation timed out after ${timeoutMs}ms`;
          reject(new InvocationError({ code: 'TIMEOUT', message, function_id: functionId }));
        },
      };
      this.#calls.set(id, call);
      if (timeoutMs <= LONGEST_TIMEOUT_MS) this.#deadlines.add(call, timeoutMs);
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
  fail(id: string, failure: (functionId: string) => Error): void {
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

  #take(id: string): PendingCall | undefined {
    const call = this.#calls.get(id);
    if (call === undefined) return undefined;
    this.#calls.delete(id);
    this.#deadlines.remove(call);
    return call;
  }
}
