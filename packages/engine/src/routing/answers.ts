import {
  type ErrorBody,
  type InvocationResultFrame,
  type InvokeFunctionFrame,
  LIMITS,
  type Log,
  type Writable,
} from 'iii-protocol';
import type { Session } from '../sessions/session.js';
import { NO_TRACE, type TraceContext } from '../trace-context.js';
import type { Caller, Outcome } from './call.js';

/** Whom an outcome goes to, and what it is the outcome of. */
type Addressee = Omit<Extract<Caller, { kind: 'session' }>, 'kind'>;

/** Brings outcomes to those who wait for them (protocol.md §7.4). */
export class Answers {
  constructor(private readonly log: Log) {}

  /** To the caller of a call, if there is one left. */
  settle(caller: Caller | undefined, outcome: Outcome): void {
    if (caller === undefined) return;
    if (caller.kind === 'engine') caller.settle(outcome);
    else this.#deliver(caller, outcome);
  }

  /**
   * A result on to the caller as the executor has written it, where that is what the caller is to read.
   *
   * @returns false where it is not, and {@link settle} has to write it anew.
   */
  forward(caller: Caller | undefined, frame: InvocationResultFrame, bytes: Uint8Array): boolean {
    if (caller?.kind !== 'session' || caller.trace !== NO_TRACE) return false;
    const { session, invocationId, functionId } = caller;
    if (frame.invocation_id !== invocationId || frame.function_id !== functionId) return false;
    if (session.forward(frame, bytes) === 'too_large') this.#tellTooLarge(caller);
    return true;
  }

  /** To the sender of a frame that never became a call; without an id there is nobody to answer. */
  reply(session: Session, frame: InvokeFunctionFrame, outcome: Outcome, trace: TraceContext): void {
    if (frame.invocation_id !== undefined) {
      const { invocation_id: invocationId, function_id: functionId } = frame;
      this.#deliver({ session, invocationId, functionId, trace }, outcome);
    } else if (outcome.error !== undefined) {
      this.lost(session, frame.function_id, outcome.error);
    }
  }

  /** A call that failed and that nobody waits for leaves a line. */
  lost(session: Session, functionId: string, error: ErrorBody): void {
    const { log, suppressed } = session.warnings.take();
    if (!log) return;
    this.log.warn(
      { worker: session.label, function_id: functionId, code: error.code, suppressed },
      `a call that nobody waits for was lost: ${error.message}`,
    );
  }

  #deliver(to: Addressee, { result, error }: Outcome): void {
    const { session, invocationId, functionId, trace } = to;
    const answer: Writable<InvocationResultFrame> = {
      type: 'invocationresult',
      invocation_id: invocationId,
      function_id: functionId,
    };
    // On the wire a result of `null` counts as absent; what still is one was said by a worker inside this process.
    if (error !== undefined) answer.error = error;
    else if (result !== undefined) answer.result = result;
    const { traceparent, baggage } = trace;
    if (traceparent !== undefined) answer.traceparent = traceparent;
    if (baggage !== undefined) answer.baggage = baggage;
    const delivery = session.send(answer);
    if (delivery === 'too_large') this.#tellTooLarge(to);
  }

  #tellTooLarge({ session, invocationId, functionId, trace }: Addressee): void {
    session.send({
      type: 'invocationresult',
      invocation_id: invocationId,
      function_id: functionId,
      error: tooLarge(`the result of ${functionId}`, session),
      ...trace,
    });
  }
}

/** Why a message of this size is not sent (sdk-python-rust.md §32). */
export function tooLarge(what: string, receiver: Session): ErrorBody {
  const message =
    `${what} is larger than the ${LIMITS.pythonMessageBytes} bytes that worker ${receiver.label} accepts ` +
    'in one message. Send it through a channel.';
  return { code: 'payload_too_large', message };
}
