import {
  DEFAULT_NAMESPACE,
  Deadlines,
  type ErrorBody,
  type Expiring,
  type InvocationResultFrame,
  type InvokeFunctionFrame,
  isRawNull,
  LIMITS,
  type RawJson,
  RESERVED_PREFIX,
} from 'iii-protocol';
import { defined } from '../defined.js';
import { EngineError, toErrorBody } from '../errors.js';
import type { Surroundings } from '../options.js';
import type { Session } from '../sessions/session.js';
import { contextForExecutor, type TraceContext } from '../trace-context.js';
import type { Caller, Outcome } from './call.js';
import { enqueueOutcome, enqueueRequest } from './enqueue.js';
import type { FunctionProvider, FunctionTable, SessionProvider } from './function-table.js';
import { InFlight } from './in-flight.js';

/** A call the engine makes itself. */
export interface EngineCall {
  readonly functionId: string;
  readonly namespace?: string;
  readonly data: RawJson;
  readonly metadata?: RawJson;
  readonly trace?: TraceContext;
  /** Default: the engine’s own deadline (`limits.engineCallMs`). */
  readonly timeoutMs?: number;
}

/** Takes calls to providers and outcomes back to callers (protocol.md §7). */
export class Router {
  readonly inFlight: InFlight;
  readonly #deadlines: Deadlines;

  constructor(
    private readonly functions: FunctionTable,
    private readonly env: Surroundings,
  ) {
    this.inFlight = new InFlight(env.randomUuid);
    this.#deadlines = new Deadlines(env.clock);
  }

  /**
   * A call from a worker (§7.2).
   *
   * @param size bytes of the frame, which is what the call costs while it has to wait.
   */
  invoke(session: Session, frame: InvokeFunctionFrame, size: number): void {
    const namespace = frame.namespace ?? DEFAULT_NAMESPACE;
    if (namespace.trim() === '') {
      this.#answer(session, frame, { error: blankNamespace(frame.namespace ?? '') }, {});
      return;
    }
    if (frame.action?.type === 'enqueue') {
      this.#enqueue(session, frame, frame.action.queue, namespace);
      return;
    }
    if (this.functions.find(namespace, frame.function_id) === undefined) {
      if (session.gate.holdsFunction(frame.function_id)) {
        // The worker offered the function before it called it: the call waits for the offer to count (§19.5).
        const admission = session.gate.defer(() => this.#dispatch(session, frame, namespace), size);
        if (admission === 'held') return;
      }
    }
    this.#dispatch(session, frame, namespace);
  }

  /** The answer of an executor. An answer to a call it was not given is ignored (§19.8). */
  complete(executor: Session, frame: InvocationResultFrame): void {
    const call = this.inFlight.finish(executor, frame.invocation_id);
    if (call === undefined) return;
    const outcome = frame.error === undefined ? defined({ result: frame.result }) : { error: frame.error };
    this.#settleCaller(call.caller, outcome);
  }

  /** A call of the engine itself: triggers, queues. Never rejects. */
  call(request: EngineCall): Promise<Outcome> {
    return new Promise((resolve) => {
      const waiting: Caller & Expiring = {
        kind: 'engine',
        settle: (outcome) => {
          this.#deadlines.remove(waiting);
          resolve(outcome);
        },
        expire: () => {
          const ms = request.timeoutMs ?? this.env.limits.engineCallMs;
          resolve({
            error: { code: 'TIMEOUT', message: `no answer from ${request.functionId} within ${ms} ms` },
          });
        },
      };
      this.#deadlines.add(waiting, request.timeoutMs ?? this.env.limits.engineCallMs);
      this.#run(request, waiting, undefined);
    });
  }

  /** What the session was executing ends now, and its callers hear of it. */
  stopExecuting(session: Session): void {
    const error: ErrorBody = { code: 'invocation_stopped', message: 'Invocation stopped' };
    for (const call of this.inFlight.stopExecutor(session)) this.#settleCaller(call.caller, { error });
  }

  /** The session is leaving: what it waits for is nobody’s business any more. */
  release(session: Session): void {
    this.inFlight.dropCaller(session);
    this.stopExecuting(session);
  }

  close(): void {
    this.#deadlines.close();
  }

  #dispatch(session: Session, frame: InvokeFunctionFrame, namespace: string): void {
    const trace = defined({ traceparent: frame.traceparent, baggage: frame.baggage });
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
      this.#answer(session, frame, { error: refusal }, trace);
      return;
    }
    const data = isDirectCall(session, frame) ? session.stampCaller(frame.data) : frame.data;
    this.#run(
      { functionId: frame.function_id, namespace, data, trace, ...defined({ metadata: frame.metadata }) },
      caller,
      session,
    );
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

  /** Finds a provider and hands the call over; every way out of here settles the caller exactly once. */
  #run(request: EngineCall, caller: Caller | undefined, session: Session | undefined): void {
    const namespace = request.namespace ?? DEFAULT_NAMESPACE;
    const entry = this.functions.find(namespace, request.functionId);
    const provider = entry?.pick();
    if (provider === undefined) {
      this.#settleCaller(caller, { error: this.#notFound(namespace, request.functionId) });
      if (caller === undefined) this.#logLostCall(request, namespace, session);
      return;
    }
    if (provider.kind === 'builtin') this.#runBuiltin(provider, request, caller, session);
    else this.#send(provider, request, caller, session);
  }

  #send(
    provider: SessionProvider,
    request: EngineCall,
    caller: Caller | undefined,
    session: Session | undefined,
  ): void {
    const call = this.inFlight.begin(provider.session, caller, session);
    const delivery = provider.session.send({
      type: 'invokefunction',
      invocation_id: call.id,
      function_id: provider.localId,
      data: request.data,
      ...contextForExecutor(request.functionId, request.trace ?? {}),
      ...defined({ metadata: request.metadata }),
    });
    if (delivery === 'sent') return;
    this.inFlight.withdraw(call);
    this.#settleCaller(caller, { error: undelivered(delivery, request, provider.session) });
  }

  #runBuiltin(
    provider: Extract<FunctionProvider, { kind: 'builtin' }>,
    request: EngineCall,
    caller: Caller | undefined,
    session: Session | undefined,
  ): void {
    let outcome: Outcome | Promise<Outcome>;
    try {
      outcome = provider.builtin.run(request.data, session);
    } catch (error) {
      outcome = { error: this.#builtinError(request.functionId, error) };
    }
    if (!(outcome instanceof Promise)) {
      this.#settleCaller(caller, outcome);
      return;
    }
    outcome.then(
      (settled) => this.#settleCaller(caller, settled),
      (error: unknown) =>
        this.#settleCaller(caller, { error: this.#builtinError(request.functionId, error) }),
    );
  }

  #builtinError(functionId: string, error: unknown): ErrorBody {
    if (!(error instanceof EngineError)) {
      this.env.log.error({ err: error, function_id: functionId }, 'an engine function failed');
    }
    return toErrorBody(error);
  }

  #enqueue(session: Session, frame: InvokeFunctionFrame, queue: string, namespace: string): void {
    const trace = defined({ traceparent: frame.traceparent, baggage: frame.baggage });
    let request: ReturnType<typeof enqueueRequest>;
    try {
      request = enqueueRequest(frame, queue, namespace, this.env.randomUuid());
    } catch (error) {
      this.#answer(session, frame, { error: toErrorBody(error) }, trace);
      return;
    }
    void this.call(request.call).then((outcome) => {
      this.#answer(session, frame, enqueueOutcome(outcome, request.receiptId), trace);
    });
  }

  #settleCaller(caller: Caller | undefined, outcome: Outcome): void {
    if (caller === undefined) return;
    if (caller.kind === 'engine') {
      caller.settle(outcome);
      return;
    }
    this.#deliver(caller.session, caller.invocationId, caller.functionId, outcome, caller.trace);
  }

  /** Answers a frame that never became a call; without an id there is nobody to answer. */
  #answer(session: Session, frame: InvokeFunctionFrame, outcome: Outcome, trace: TraceContext): void {
    if (frame.invocation_id === undefined) {
      if (outcome.error !== undefined) this.#logRefusal(session, frame.function_id, outcome.error);
      return;
    }
    this.#deliver(session, frame.invocation_id, frame.function_id, outcome, trace);
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
    const value =
      error !== undefined ? { error } : result !== undefined && !isRawNull(result) ? { result } : {};
    const delivery = session.send({ ...envelope, ...value, ...trace });
    if (delivery !== 'too_large') return;
    session.send({ ...envelope, error: tooLarge(`the result of ${functionId}`, session), ...trace });
  }

  #notFound(namespace: string, id: string): ErrorBody {
    const elsewhere = this.functions.namespacesOf(id);
    const hint = elsewhere.length > 0 ? ` It is registered in ${elsewhere.join(', ')}.` : '';
    return {
      code: 'function_not_found',
      message: `Function ${id} not found in namespace ${namespace}.${hint}`,
    };
  }

  #logLostCall(request: EngineCall, namespace: string, session: Session | undefined): void {
    if (session === undefined) return;
    this.#logRefusal(session, request.functionId, this.#notFound(namespace, request.functionId));
  }

  #logRefusal(session: Session, functionId: string, error: ErrorBody): void {
    const { log, suppressed } = session.warnings.take();
    if (!log) return;
    this.env.log.warn(
      { worker: session.label, function_id: functionId, code: error.code, suppressed },
      `a call that nobody waits for was lost: ${error.message}`,
    );
  }
}

/**
 * Workers inside the engine process call on behalf of others: what they deliver are trigger fires, which do not tell
 * a caller (protocol.md §7.5). To the engine's own functions they introduce themselves like anyone.
 */
function isDirectCall(session: Session, frame: InvokeFunctionFrame): boolean {
  return session.inProcess === undefined || frame.function_id.startsWith(RESERVED_PREFIX);
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

function tooLarge(what: string, receiver: Session): ErrorBody {
  const message =
    `${what} is larger than the ${LIMITS.pythonMessageBytes} bytes that worker ${receiver.label} accepts ` +
    'in one message. Send it through a channel.';
  return { code: 'payload_too_large', message };
}
