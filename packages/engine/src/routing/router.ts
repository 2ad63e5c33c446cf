import {
  DEFAULT_NAMESPACE,
  Deadlines,
  type ErrorBody,
  type InvocationResultFrame,
  type InvokeFunctionFrame,
  isRawObject,
  type RawJson,
  RESERVED_PREFIX,
  timedUuid,
  type Writable,
} from 'iii-protocol';
import { EngineError, toErrorBody } from '../errors.js';
import type { Surroundings } from '../options.js';
import type { Session } from '../sessions/session.js';
import { contextForExecutor, NO_TRACE, type TraceContext, traceOf } from '../trace-context.js';
import { Answers, tooLarge } from './answers.js';
import type { Call, Caller, Outcome } from './call.js';
import { CallCounts } from './call-counts.js';
import { Enqueues } from './enqueues.js';
import type { FunctionProvider, FunctionTable, SessionProvider } from './function-table.js';
import { InFlight } from './in-flight.js';
import { type Payload, payloadOf } from './payload.js';

/** A call the engine makes itself. */
export interface EngineCall extends Payload {
  readonly functionId: string;
  readonly namespace?: string;
  readonly metadata?: RawJson | undefined;
  readonly trace?: TraceContext;
  /** Default: the engine’s own deadline (`limits.engineCallMs`). */
  readonly timeoutMs?: number;
}

/** Takes calls to providers and outcomes back to callers (protocol.md §7). */
export class Router {
  readonly inFlight: InFlight;
  readonly counts = new CallCounts();
  readonly #deadlines: Deadlines;
  readonly #answers: Answers;
  readonly #enqueues: Enqueues;

  constructor(
    private readonly functions: FunctionTable,
    private readonly env: Surroundings,
  ) {
    this.#deadlines = new Deadlines(env.clock);
    this.#answers = new Answers(env.log);
    this.#enqueues = new Enqueues({
      functions,
      answers: this.#answers,
      counts: this.counts,
      newReceipt: () => timedUuid(env.clock.now()),
      call: (request) => this.call(request),
    });
    this.inFlight = new InFlight(env.randomUuid, (call) => this.#forgetDeadline(call));
  }

  /**
   * A call from a worker (§7.2).
   *
   * @param size bytes of the frame, which is what the call costs while it has to wait.
   * @param hasUnderscore whether any member name in it may begin with `_`.
   */
  invoke(session: Session, frame: InvokeFunctionFrame, size: number, hasUnderscore: boolean): void {
    const namespace = frame.namespace ?? DEFAULT_NAMESPACE;
    if (frame.namespace !== undefined && namespace.trim() === '') {
      this.#answers.reply(session, frame, { error: blankNamespace(frame.namespace ?? '') }, {});
      return;
    }
    if (frame.action?.type === 'enqueue') {
      this.#enqueues.add(session, frame, frame.action, namespace, hasUnderscore);
      return;
    }
    if (this.functions.find(namespace, frame.function_id) === undefined) {
      if (session.gate.holdsFunction(frame.function_id)) {
        // The worker offered the function before it called it: the call waits for the offer to count (§19.5).
        const dispatch = () => this.#dispatch(session, frame, namespace, hasUnderscore);
        const admission = session.gate.defer(dispatch, size);
        if (admission === 'held') return;
      }
    }
    this.#dispatch(session, frame, namespace, hasUnderscore);
  }

  /**
   * The answer of an executor. An answer to a call it was not given is ignored (§19.8).
   *
   * @param bytes what a plain result came in.
   */
  complete(executor: Session, frame: InvocationResultFrame, bytes?: Uint8Array): void {
    const call = this.inFlight.finish(executor, frame.invocation_id);
    if (call === undefined) return;
    if (bytes !== undefined && this.#answers.forward(call.caller, frame, bytes)) return;
    const { result, error } = frame;
    if (error !== undefined) this.counts.fail(call);
    this.#answers.settle(
      call.caller,
      error !== undefined ? { error } : result !== undefined ? { result } : {},
    );
  }

  /** The caller does not wait any more. */
  cancel(session: Session, invocationId: string, reason: string | undefined): void {
    const call = this.inFlight.abandon(session, invocationId);
    if (call !== undefined) this.#tellCancelled(call, reason);
  }

  /** A call of the engine itself: triggers, queues. Never rejects. */
  call(request: EngineCall): Promise<Outcome> {
    const timeoutMs = request.timeoutMs ?? this.env.limits.engineCallMs;
    return new Promise((resolve) => {
      const deadline = {
        expire: () => {
          resolve({ error: timedOut(request.functionId, timeoutMs) });
          if (call === undefined) return;
          call.caller = undefined;
          this.counts.fail(call);
          this.#tellCancelled(call, 'TIMEOUT');
        },
      };
      const settle = (outcome: Outcome) => {
        this.#deadlines.remove(deadline);
        resolve(outcome);
      };
      this.#deadlines.add(deadline, timeoutMs);
      const call = this.#run(request, { kind: 'engine', settle }, undefined, timeoutMs);
    });
  }

  /** What the session was executing ends now, and its callers hear of it. */
  stopExecuting(session: Session): void {
    const error: ErrorBody = { code: 'invocation_stopped', message: 'Invocation stopped' };
    for (const call of this.inFlight.stopExecutor(session)) {
      this.counts.fail(call);
      this.#answers.settle(call.caller, { error });
    }
  }

  /** The session is leaving: nobody waits for its calls any more, and nobody executes what it was executing. */
  release(session: Session): void {
    for (const call of this.inFlight.abandonAll(session)) this.#tellCancelled(call, 'the caller is gone');
    this.stopExecuting(session);
  }

  close(): void {
    this.#deadlines.close();
  }

  #dispatch(session: Session, frame: InvokeFunctionFrame, namespace: string, hasUnderscore: boolean): void {
    const trace = traceOf(frame);
    const wantsAnswer = frame.invocation_id !== undefined && frame.action?.type !== 'void';
    const caller: Caller | undefined =
      wantsAnswer && frame.invocation_id !== undefined
        ? {
            kind: 'session',
            session,
            invocationId: frame.invocation_id,
            functionId: frame.function_id,
            trace,
          }
        : undefined;
    const refusal = this.#refuse(session, caller);
    if (refusal !== undefined) {
      this.counts.refused();
      this.#answers.reply(session, frame, { error: refusal }, trace);
      return;
    }
    const stamp = isDirectCall(session, frame) && isRawObject(frame.data) ? session.callerStamp : undefined;
    const data = stamp !== undefined && hasUnderscore ? stamp.strip(frame.data) : frame.data;
    const deadlineMs = session.uses('cancel') && caller !== undefined ? frame.deadline_ms : undefined;
    const call = this.#run(
      { functionId: frame.function_id, namespace, data, stamp, trace, metadata: frame.metadata },
      caller,
      session,
      deadlineMs,
    );
    if (call !== undefined && deadlineMs !== undefined)
      this.#expireAfter(call, frame.function_id, deadlineMs);
  }

  #refuse(session: Session, caller: Caller | undefined): ErrorBody | undefined {
    if (caller?.kind === 'session' && session.waiting.has(caller.invocationId)) {
      const message = `invocation_id ${caller.invocationId} is already in flight on this connection`;
      return { code: 'invocation_error', message };
    }
    const { maxInFlight } = this.env.limits;
    if (session.outstanding < maxInFlight) return undefined;
    const message = `this connection already has ${maxInFlight} calls in flight`;
    return { code: 'too_many_invocations', message };
  }

  /**
   * Finds a provider and hands the call over; every way out of here settles the caller exactly once, now or later.
   *
   * @returns the record of a call that a worker is executing now.
   */
  #run(
    request: EngineCall,
    caller: Caller | undefined,
    session: Session | undefined,
    deadlineMs: number | undefined,
  ): Call | undefined {
    const namespace = request.namespace ?? DEFAULT_NAMESPACE;
    const provider = this.functions.find(namespace, request.functionId)?.pick(request);
    if (provider === undefined) {
      this.counts.refused();
      const error = this.#notFound(namespace, request.functionId);
      this.#answers.settle(caller, { error });
      if (caller === undefined && session !== undefined)
        this.#answers.lost(session, request.functionId, error);
      return undefined;
    }
    if (provider.kind === 'session') {
      this.counts.began();
      return this.#send(provider, request, caller, session, deadlineMs);
    }
    this.#runBuiltin(provider, request, caller, session);
    return undefined;
  }

  #send(
    provider: SessionProvider,
    request: EngineCall,
    caller: Caller | undefined,
    session: Session | undefined,
    deadlineMs: number | undefined,
  ): Call | undefined {
    const executor = provider.session;
    this.#enqueues.before(executor);
    const call = this.inFlight.begin(executor, caller, session);
    const delivery = executor.send(frameFor(call, provider.localId, request, deadlineMs), request.stamp);
    if (delivery === 'sent') return call;
    this.inFlight.withdraw(call);
    // Nothing has left for a connection that turns out to be closed, so that another replica can have the call.
    const other = delivery === 'closed' ? provider.entry.pick(request) : undefined;
    if (other?.kind === 'session' && other.session.isReachable && other.session !== executor) {
      return this.#send(other, request, caller, session, deadlineMs);
    }
    this.counts.fail(call);
    this.#answers.settle(caller, { error: undelivered(delivery, request, executor) });
    return undefined;
  }

  #runBuiltin(
    provider: Extract<FunctionProvider, { kind: 'builtin' }>,
    request: EngineCall,
    caller: Caller | undefined,
    session: Session | undefined,
  ): void {
    let outcome: Outcome | Promise<Outcome>;
    try {
      outcome = provider.builtin.run(payloadOf(request), session);
    } catch (error) {
      outcome = { error: this.#builtinError(request.functionId, error) };
    }
    if (!(outcome instanceof Promise)) {
      this.#answers.settle(caller, outcome);
      return;
    }
    outcome.then(
      (settled) => this.#answers.settle(caller, settled),
      (error: unknown) =>
        this.#answers.settle(caller, { error: this.#builtinError(request.functionId, error) }),
    );
  }

  #builtinError(functionId: string, error: unknown): ErrorBody {
    if (!(error instanceof EngineError)) {
      this.env.log.error({ err: error, function_id: functionId }, 'an engine function failed');
    }
    return toErrorBody(error);
  }

  /** The caller has said how long it waits; past that the call is cancelled, and its late answer dropped. */
  #expireAfter(call: Call, functionId: string, ms: number): void {
    call.deadline = {
      slot: undefined,
      expire: () => {
        const { caller } = call;
        if (caller?.kind !== 'session') return;
        this.inFlight.abandon(caller.session, caller.invocationId);
        this.counts.fail(call);
        this.#answers.settle(caller, { error: timedOut(functionId, ms) });
        this.#tellCancelled(call, 'TIMEOUT');
      },
    };
    this.#deadlines.add(call.deadline, ms);
  }

  #tellCancelled(call: Call, reason: string | undefined): void {
    this.#forgetDeadline(call);
    if (!call.executor.uses('cancel')) return;
    call.executor.send({
      type: 'cancelinvocation',
      invocation_id: call.id,
      ...(reason === undefined ? {} : { reason }),
    });
  }

  #forgetDeadline(call: Call): void {
    if (call.deadline !== undefined) this.#deadlines.remove(call.deadline);
    call.deadline = undefined;
  }

  #notFound(namespace: string, id: string): ErrorBody {
    const elsewhere = this.functions.namespacesOf(id);
    const hint = elsewhere.length > 0 ? ` It is registered in ${elsewhere.join(', ')}.` : '';
    return {
      code: 'function_not_found',
      message: `Function ${id} not found in namespace ${namespace}.${hint}`,
    };
  }
}

/**
 * Workers inside the engine process call on behalf of others: what they deliver are trigger fires, which do not tell
 * a caller (protocol.md §7.5). To the engine's own functions they introduce themselves like anyone.
 */
function isDirectCall(session: Session, frame: InvokeFunctionFrame): boolean {
  return session.inProcess === undefined || frame.function_id.startsWith(RESERVED_PREFIX);
}

function frameFor(
  call: Call,
  localId: string,
  { functionId, data, trace = NO_TRACE, metadata }: EngineCall,
  deadlineMs: number | undefined,
): InvokeFunctionFrame {
  const context = contextForExecutor(functionId, trace);
  const frame: Writable<InvokeFunctionFrame> = {
    type: 'invokefunction',
    invocation_id: call.id,
    function_id: localId,
    data,
  };
  if (context.traceparent !== undefined) frame.traceparent = context.traceparent;
  if (context.baggage !== undefined) frame.baggage = context.baggage;
  if (metadata !== undefined) frame.metadata = metadata;
  if (deadlineMs !== undefined && call.executor.uses('cancel')) frame.deadline_ms = deadlineMs;
  return frame;
}

function timedOut(functionId: string, ms: number): ErrorBody {
  return { code: 'TIMEOUT', message: `no answer from ${functionId} within ${ms} ms` };
}

function blankNamespace(given: string): ErrorBody {
  const message = `namespace is blank: ${JSON.stringify(given)}. Name one, or leave the field out for "default".`;
  return { code: 'INVALID_NAMESPACE', message };
}

function undelivered(delivery: 'closed' | 'too_large', request: EngineCall, executor: Session): ErrorBody {
  if (delivery === 'too_large') return tooLarge(`the payload for ${request.functionId}`, executor);
  const message = `the connection of ${executor.label} closed before ${request.functionId} could be called`;
  return { code: 'channel_send_failed', message };
}
