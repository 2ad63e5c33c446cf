import { type Clock, randomUuid } from 'iii-protocol';
import { InvocationError, isErrorBody } from '../errors.js';
import type { MessageOf, OutgoingMessage } from '../link/message.js';
import type { TriggerRequest } from '../protocol.js';
import { namespaceOfCall } from './namespaces.js';
import type { Outbox } from './outbox.js';
import { type Abandoned, deadlineOf, PendingCalls } from './pending-calls.js';
import { abortReason } from './signal-watch.js';
import { currentTrace, type TraceHeaders } from './trace.js';

export interface CallsOptions {
  readonly clock: Clock;
  readonly namespace: string | undefined;
  readonly invocationTimeoutMs: number;
  /** Whether the engine has agreed to `cancel` on the connection that stands now (DESIGN D16). */
  readonly usesCancel: () => boolean;
}

/** What siblings may say of a call beyond what programs may. */
export interface CallExtras {
  /** The trace it belongs to. Default: that of the call that is being answered. */
  readonly trace?: TraceHeaders;
  /** Whether its signal is of this call and few others, so that nothing has to be kept of who else listens to it. */
  readonly ownsSignal?: boolean;
}

/** The calls this client makes, from the request to its outcome (sdk-node.md §5). */
export class Calls {
  readonly #pending: PendingCalls;

  constructor(
    private readonly outbox: Outbox,
    private readonly options: CallsOptions,
  ) {
    this.#pending = new PendingCalls(options.clock, (call) => this.#giveUp(call));
  }

  /** Never throws: what keeps a call from being made is what it rejects with. */
  make(request: TriggerRequest, extras?: CallExtras): Promise<unknown> {
    try {
      return this.#begin(request, extras);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #begin(request: TriggerRequest, extras?: CallExtras): Promise<unknown> {
    const { function_id: functionId, action, signal } = request;
    const namespace = namespaceOfCall(functionId, request.namespace, this.options.namespace);
    if (signal?.aborted) throw abortReason(signal);
    if (action?.type === 'void') {
      const message = callMessage(request, extras?.trace, { namespace });
      this.outbox.sendCall(this.outbox.prepare(message), functionId);
      return NOTHING;
    }
    const id = randomUuid();
    const timeoutMs = request.timeoutMs ?? this.options.invocationTimeoutMs;
    const deadline = this.options.usesCancel() ? deadlineOf(timeoutMs) : undefined;
    const message = callMessage(request, extras?.trace, {
      invocation_id: id,
      namespace,
      deadline_ms: deadline,
    });
    const outgoing = this.outbox.prepare(message);
    const answer = this.#pending.expect(id, functionId, {
      timeoutMs,
      signal,
      ownsSignal: extras?.ownsSignal,
    });
    try {
      if (this.outbox.sendCall(outgoing, functionId, id) === 'sent') this.#pending.markSent(id);
    } catch (error) {
      this.#pending.fail(id, () => error);
    }
    return answer;
  }

  /** An answer has come. */
  settle(message: MessageOf<'invocationresult'>): void {
    const id = message.invocation_id;
    // Falsy errors count as success, as they do for official clients (sdk-node.md §5.5).
    const error: unknown = message.error;
    if (!error) {
      this.#pending.succeed(id, message.result);
      return;
    }
    const body = isErrorBody(error)
      ? error
      : { code: 'UNKNOWN', message: typeof error === 'string' ? error : JSON.stringify(error) };
    this.#pending.fail(id, (functionId) => new InvocationError({ ...body, function_id: functionId }));
  }

  /** There is a connection: sends what has waited for one. */
  flush(): void {
    this.outbox.flush((id) => this.#pending.markSent(id));
  }

  /** The connection is lost, and with it every call the engine was told of. */
  lost(reason: string): void {
    this.#pending.failSent((functionId) => {
      const message = `${reason} while ${functionId} was being called`;
      return new InvocationError({ code: 'CONNECTION_LOST', message, function_id: functionId });
    });
  }

  /** Nothing will ever be answered again. */
  end(failure: (functionId: string) => Error): void {
    this.outbox.clear();
    this.#pending.failAll(failure);
  }

  #giveUp({ id, isSent, reason }: Abandoned): void {
    if (!isSent) {
      this.outbox.drop(id);
      return;
    }
    if (!this.options.usesCancel()) return;
    this.outbox.sendNow({
      type: 'cancelinvocation',
      invocation_id: id,
      ...(reason === undefined ? {} : { reason }),
    });
  }
}

/** The outcome of a call that nobody waits for. */
const NOTHING = Promise.resolve(undefined);

type CallMessage = OutgoingMessage & { readonly type: 'invokefunction' };

/** @param own what the client adds; members that are undefined have no JSON form, and so are not sent. */
function callMessage(
  { function_id, payload, action, metadata }: TriggerRequest,
  trace: TraceHeaders | undefined,
  own: { readonly [K in 'invocation_id' | 'namespace' | 'deadline_ms']?: CallMessage[K] | undefined },
): CallMessage {
  const { traceparent, baggage } = trace ?? currentTrace();
  const message: { [K in keyof CallMessage]: CallMessage[K] | undefined } = {
    type: 'invokefunction',
    invocation_id: own.invocation_id,
    function_id,
    data: payload ?? null,
    traceparent,
    baggage,
    action,
    metadata,
    namespace: own.namespace,
    deadline_ms: own.deadline_ms,
  };
  return message as CallMessage;
}
