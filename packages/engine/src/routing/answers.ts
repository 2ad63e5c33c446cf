import { type ErrorBody, type InvokeFunctionFrame, LIMITS, type Log } from 'iii-protocol';
import type { Session } from '../sessions/session.js';
import type { TraceContext } from '../trace-context.js';
import type { Caller, Outcome } from './call.js';

/** Brings outcomes to those who wait for them (protocol.md §7.4). */
export class Answers {
  constructor(private readonly log: Log) {}

  /** To the caller of a call, if there is one left. */
  settle(caller: Caller | undefined, outcome: Outcome): void {
    if (caller === undefined) return;
    if (caller.kind === 'engine') caller.settle(outcome);
    else this.#deliver(caller.session, caller.invocationId, caller.functionId, outcome, caller.trace);
  }

  /** To the sender of a frame that never became a call; without an id there is nobody to answer. */
  reply(session: Session, frame: InvokeFunctionFrame, outcome: Outcome, trace: TraceContext): void {
    if (frame.invocation_id !== undefined) {
      this.#deliver(session, frame.invocation_id, frame.function_id, outcome, trace);
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

  #deliver(
    session: Session,
    invocationId: string,
    functionId: string,
    outcome: Outcome,
    trace: TraceContext,
  ): void {
    const envelope = {
      type: 'invocationresult' as const,
      invocation_id: invocationId,
      function_id: functionId,
    };
    const { result, error } = outcome;
    // On the wire a result of `null` counts as absent; what still is one was said by a worker inside this process.
    const value = error !== undefined ? { error } : result !== undefined ? { result } : {};
    const delivery = session.send({ ...envelope, ...value, ...trace });
    if (delivery !== 'too_large') return;
    session.send({ ...envelope, error: tooLarge(`the result of ${functionId}`, session), ...trace });
  }
}

/** Why a message of this size is not sent (sdk-python-rust.md §32). */
export function tooLarge(what: string, receiver: Session): ErrorBody {
  const message =
    `${what} is larger than the ${LIMITS.pythonMessageBytes} bytes that worker ${receiver.label} accepts ` +
    'in one message. Send it through a channel.';
  return { code: 'payload_too_large', message };
}
