import { type Clock, EngineFunction, systemClock } from 'iii-protocol';
import type { RemoteFunctionHandler } from '../engine.js';
import { InvocationError, isErrorBody, RegistrationRejectedError } from '../errors.js';
import type { Link, Outgoing } from '../link/link.js';
import type { IncomingMessage, MessageOf, OutgoingMessage } from '../link/message.js';
import type {
  RegisterFunctionOptions,
  RegisterTriggerInput,
  RegisterTriggerTypeInput,
  TriggerRequest,
} from '../protocol.js';
import type { FunctionRef, IIIConnectionState, TriggerTypeRef } from '../runtime.js';
import type { Trigger, TriggerHandler } from '../trigger.js';
import type { IIIClient } from '../types/client.js';
import type { HttpInvocationConfig } from '../types/http-invocation.js';
import { announcement } from './announcement.js';
import { ConnectionState } from './connection-state.js';
import { type ClientConsole, clientConsole } from './console.js';
import { answerInvocation } from './invocations.js';
import { namespaceOfCall, namespaceOfTrigger } from './namespaces.js';
import { OfflineQueue } from './offline-queue.js';
import type { WorkerIdentity } from './options.js';
import { PendingCalls } from './pending-calls.js';
import { Registrations } from './registrations.js';
import { currentTrace } from './trace.js';
import { acceptTrigger, releaseTrigger } from './trigger-providing.js';

export interface ClientOptions {
  readonly identity: WorkerIdentity;
  /** Milliseconds a call waits for its answer, unless it says otherwise. */
  readonly invocationTimeoutMs: number;
  readonly clock?: Clock;
  readonly console?: ClientConsole;
}

/** Makes a client on a link and starts connecting. */
export function createClient(link: Link, options: ClientOptions): IIIClient {
  return new Client(link, options);
}

/** *serving*: connected or trying to be. *failed*: the link has given up. *rejected*: refused for good. *shut down*. */
type ClientPhase =
  | { readonly phase: 'serving' }
  | { readonly phase: 'failed'; readonly reason: string }
  | { readonly phase: 'rejected'; readonly error: RegistrationRejectedError }
  | { readonly phase: 'shut down' };

/** The engine's name for this connection, presented when the next one is made. */
interface Identity {
  readonly workerId: string;
  readonly reattachToken: string | undefined;
}

class Client implements IIIClient {
  readonly #registrations = new Registrations();
  readonly #queue = new OfflineQueue();
  readonly #pending: PendingCalls;
  readonly #console: ClientConsole;
  readonly #state: ConnectionState;
  readonly #greeted: Array<{ resolve: () => void; reject: (error: Error) => void }> = [];
  #phase: ClientPhase = { phase: 'serving' };
  #identity: Identity | undefined;
  /** Whether the engine has greeted the connection that stands now. */
  #isGreeted = false;

  constructor(
    private readonly link: Link,
    private readonly options: ClientOptions,
  ) {
    this.#pending = new PendingCalls(options.clock ?? systemClock);
    this.#console = options.console ?? clientConsole;
    this.#state = new ConnectionState(this.#console.problem);
    link.open({
      up: () => this.#up(),
      message: (message) => this.#receive(message),
      down: (reason) => this.#down(reason),
      state: (state) => this.#state.change(state),
      retrying: this.#console.retrying,
      problem: this.#console.problem,
    });
  }

  readonly registerFunction = (
    functionId: string,
    handler: RemoteFunctionHandler | HttpInvocationConfig,
    options: RegisterFunctionOptions = {},
  ): FunctionRef => {
    if (!functionId?.trim()) throw new Error('id is required');
    const { functions } = this.#registrations;
    if (functions.has(functionId)) throw new Error(`function id already registered: ${functionId}`);
    const isLocal = typeof handler === 'function';
    const message: OutgoingMessage = {
      ...options,
      ...(isLocal ? {} : { invocation: httpInvocation(handler) }),
      type: 'registerfunction',
      id: functionId,
    };
    const registered = { message, handler: isLocal ? handler : undefined };
    functions.set(functionId, registered);
    this.#sendIfUp(message);
    return {
      id: functionId,
      unregister: () => {
        if (functions.get(functionId) === registered) functions.delete(functionId);
        this.#sendIfUp({ type: 'unregisterfunction', id: functionId });
      },
    };
  };

  readonly registerTrigger = (input: RegisterTriggerInput): Trigger => {
    const { type, namespace: asked, config, ...rest } = input;
    const namespace = namespaceOfTrigger(asked, this.options.identity.namespace);
    const id = crypto.randomUUID();
    const message: OutgoingMessage = {
      // Programs in plain JavaScript may say trigger_type instead of type; it is among the rest.
      ...rest,
      ...(type === undefined ? {} : { trigger_type: type }),
      ...(namespace === undefined ? {} : { namespace }),
      type: 'registertrigger',
      id,
      config: config ?? null,
    } as OutgoingMessage;
    const { triggers } = this.#registrations;
    triggers.set(id, message);
    this.#sendIfUp(message);
    return {
      unregister: () => {
        triggers.delete(id);
        this.#send({ type: 'unregistertrigger', id, trigger_type: type });
      },
    };
  };

  readonly registerTriggerType = <TConfig>(
    input: RegisterTriggerTypeInput,
    handler: TriggerHandler<TConfig>,
  ): TriggerTypeRef<TConfig> => {
    const message: OutgoingMessage = { ...input, type: 'registertriggertype' };
    this.#registrations.triggerTypes.set(input.id, {
      message,
      handler: handler as TriggerHandler<unknown>,
      bindings: new Map(),
    });
    this.#sendIfUp(message);
    const registerTrigger = (functionId: string, config: TConfig, metadata?: Record<string, unknown>) =>
      this.registerTrigger({
        type: input.id,
        function_id: functionId,
        config,
        ...(metadata === undefined ? {} : { metadata }),
      });
    return {
      id: input.id,
      registerTrigger,
      registerFunction: (functionId, functionHandler, config, metadata) => {
        const offered = this.registerFunction(functionId, functionHandler);
        const bound = registerTrigger(functionId, config, metadata);
        return {
          id: offered.id,
          unregister: () => {
            bound.unregister();
            offered.unregister();
          },
        };
      },
      unregister: () => this.unregisterTriggerType(input),
    };
  };

  readonly unregisterTriggerType = (input: RegisterTriggerTypeInput): void => {
    this.#registrations.triggerTypes.delete(input.id);
    this.#sendIfUp({ ...input, type: 'unregistertriggertype' });
  };

  // biome-ignore lint/suspicious/noExplicitAny: as in the interface
  readonly trigger = async <TInput = unknown, TOutput = any>(
    request: TriggerRequest<TInput>,
  ): Promise<TOutput> => {
    const { function_id: functionId, action, metadata } = request;
    const namespace = namespaceOfCall(functionId, request.namespace, this.options.identity.namespace);
    const message: OutgoingMessage = {
      type: 'invokefunction',
      function_id: functionId,
      data: request.payload ?? null,
      ...currentTrace(),
      ...(action === undefined ? {} : { action }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(namespace === undefined ? {} : { namespace }),
    };
    if (action?.type === 'void') {
      this.#transmit(this.link.prepare(message), functionId);
      return undefined as TOutput;
    }
    const id = crypto.randomUUID();
    const outgoing = this.link.prepare({ ...message, invocation_id: id });
    const answer = this.#pending.expect(
      id,
      functionId,
      request.timeoutMs ?? this.options.invocationTimeoutMs,
    );
    try {
      if (this.#transmit(outgoing, functionId, id) === 'sent') this.#pending.markSent(id);
    } catch (error) {
      this.#pending.fail(id, () => error as Error);
    }
    return (await answer) as TOutput;
  };

  readonly shutdown = async (): Promise<void> => {
    if (this.#phase.phase === 'shut down') return;
    this.#phase = { phase: 'shut down' };
    this.#queue.clear();
    this.#pending.failAll(shuttingDown);
    this.#settleGreeted(shuttingDown());
    await this.link.close();
    this.#state.change('disconnected');
  };

  readonly getConnectionState = (): IIIConnectionState => this.#state.current;

  readonly getAddress = (): string => this.link.address;

  readonly getFatalError = (): RegistrationRejectedError | undefined =>
    this.#phase.phase === 'rejected' ? this.#phase.error : undefined;

  readonly addConnectionStateListener = (listener: (state: IIIConnectionState) => void): (() => void) =>
    this.#state.listen(listener);

  readonly ready = (): Promise<void> => {
    if (this.#isGreeted) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal('the engine');
      if (refusal === undefined) this.#greeted.push({ resolve, reject });
      else reject(refusal);
    });
  };

  /** A connection stands: retire the previous one, announce, replay, then what has waited (sdk-node.md §8.3). */
  #up(): void {
    const { identity } = this.options;
    if (this.#identity !== undefined) {
      const { workerId, reattachToken } = this.#identity;
      this.#sendNow({
        type: 'reattach',
        previous_worker_id: workerId,
        ...(reattachToken === undefined ? {} : { reattach_token: reattachToken }),
      });
    }
    this.#sendNow({
      type: 'invokefunction',
      function_id: EngineFunction.RegisterWorker,
      data: announcement(identity),
      action: { type: 'void' },
      namespace: 'default',
    });
    for (const message of this.#registrations.replay()) this.#sendNow(message);
    for (const { outgoing, invocationId } of this.#queue.drain()) {
      if (invocationId !== undefined && !this.#pending.has(invocationId)) continue;
      this.link.send(outgoing);
      if (invocationId !== undefined) this.#pending.markSent(invocationId);
    }
  }

  #down(reason: string): void {
    this.#isGreeted = false;
    this.#pending.failSent((functionId) => {
      const message = `${reason} while ${functionId} was being called`;
      return new InvocationError({ code: 'CONNECTION_LOST', message, function_id: functionId });
    });
    if (this.#state.current !== 'failed' || this.#phase.phase !== 'serving') return;
    this.#phase = { phase: 'failed', reason };
    this.#queue.clear();
    this.#pending.failAll((functionId) => this.#refusal(functionId) ?? shuttingDown());
    this.#settleGreeted(this.#refusal('the engine') ?? shuttingDown());
  }

  #receive(message: IncomingMessage): void {
    switch (message.type) {
      case 'invocationresult':
        this.#settle(message);
        return;
      case 'invokefunction':
        void answerInvocation(message, {
          find: (id) => this.#registrations.functions.get(id),
          send: (answer) => this.#send(answer),
          problem: this.#console.problem,
        });
        return;
      case 'registertrigger':
        void acceptTrigger(message, this.#providerContext());
        return;
      case 'unregistertrigger':
        void releaseTrigger(message, this.#providerContext());
        return;
      case 'triggerregistrationresult':
        if (isErrorBody(message.error)) {
          this.#console.triggerFailed(message.id, message.trigger_type, message.error.message);
        }
        return;
      case 'workerregistered':
        this.#identity = { workerId: message.worker_id, reattachToken: message.reattach_token };
        this.#console.registered(message.worker_id);
        this.#isGreeted = true;
        this.#settleGreeted();
        return;
      case 'registrationrejected':
        this.#rejected(message);
        return;
      default:
    }
  }

  #settle(message: MessageOf<'invocationresult'>): void {
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

  /** sdk-node.md §10.3 */
  #rejected(message: MessageOf<'registrationrejected'>): void {
    if (message.code === 'FUNCTION_NAMESPACE_CONFLICT') {
      this.#console.functionRejected(message.function_id ?? '', message.namespace, message.owner_worker_id);
      return;
    }
    const error = new RegistrationRejectedError(message);
    this.#phase = { phase: 'rejected', error };
    this.#console.problem('The engine refused this worker for good', error);
    this.#queue.clear();
    this.#pending.failAll(() => error);
    this.#settleGreeted(error);
    this.link.abandon();
  }

  #providerContext() {
    return {
      find: (type: string) => this.#registrations.triggerTypes.get(type),
      send: (answer: OutgoingMessage) => this.#send(answer),
      problem: this.#console.problem,
    };
  }

  /** Registrations are not kept for later: they are replayed. */
  #sendIfUp(message: OutgoingMessage): void {
    if (this.#state.current === 'connected') this.#sendNow(message);
  }

  #sendNow(message: OutgoingMessage): void {
    try {
      this.link.send(this.link.prepare(message));
    } catch (error) {
      this.#console.problem('Exception while sending message', error);
    }
  }

  /** Sends, or keeps for when there is a connection; what cannot be kept is reported. */
  #send(message: OutgoingMessage): void {
    const outgoing = this.link.prepare(message);
    if (this.link.send(outgoing) || this.#phase.phase !== 'serving') return;
    if (this.#queue.push(outgoing)) return;
    this.#console.problem(`Dropped a ${message.type} message`, queueFull(undefined));
  }

  /** @throws Error when it can be neither sent nor kept. */
  #transmit(outgoing: Outgoing, functionId: string, invocationId?: string): 'sent' | 'queued' {
    const refusal = this.#refusal(functionId);
    if (refusal !== undefined) throw refusal;
    if (this.link.send(outgoing)) return 'sent';
    if (this.#queue.push(outgoing, invocationId)) return 'queued';
    throw queueFull(functionId);
  }

  /** Why nothing will ever be sent again, if that is so. */
  #refusal(functionId: string): Error | undefined {
    switch (this.#phase.phase) {
      case 'serving':
        return undefined;
      case 'rejected':
        return this.#phase.error;
      case 'shut down':
        return shuttingDown();
      case 'failed': {
        const message = `${this.#phase.reason}, and no more attempts are made`;
        return new InvocationError({ code: 'CONNECTION_LOST', message, function_id: functionId });
      }
    }
  }

  #settleGreeted(error?: Error): void {
    for (const { resolve, reject } of this.#greeted.splice(0)) {
      if (error === undefined) resolve();
      else reject(error);
    }
  }
}

function shuttingDown(): Error {
  return new Error('iii is shutting down');
}

function queueFull(functionId: string | undefined): InvocationError {
  return new InvocationError({
    code: 'OFFLINE_QUEUE_FULL',
    message: 'there is no connection to the engine, and as much is waiting for one as may wait',
    function_id: functionId,
  });
}

/** Exactly the members the engine knows. */
function httpInvocation(config: HttpInvocationConfig): Record<string, unknown> {
  const { url, method, timeout_ms, headers, auth } = config;
  return { url, method: method ?? 'POST', timeout_ms, headers, auth };
}
