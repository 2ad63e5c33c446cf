import { ChannelReader, ChannelWriter, type StreamChannelRef } from 'iii-channel/ends';
import { type Clock, EngineFunction, randomUuid, systemClock } from 'iii-protocol';
import type { Channel } from '../channel.js';
import type { FunctionHandler } from '../engine.js';
import { isErrorBody, RegistrationRejectedError } from '../errors.js';
import type { Link } from '../link/link.js';
import type { IncomingMessage, MessageOf, OutgoingMessage } from '../link/message.js';
import { plain } from '../link/raw-value.js';
import type {
  RegisterFunctionOptions,
  RegisterTriggerInput,
  RegisterTriggerTypeInput,
  TriggerRequest,
} from '../protocol.js';
import type { FunctionRef, IIIConnectionState, TriggerTypeRef } from '../runtime.js';
import type { IStream } from '../stream.js';
import type { Trigger, TriggerHandler } from '../trigger.js';
import type { IIIClient, ShutdownOptions } from '../types/client.js';
import type { HttpInvocationConfig } from '../types/http-invocation.js';
import { announcement } from './announcement.js';
import { Calls } from './calls.js';
import { allowOffers } from './channel-offers.js';
import { ConnectionState } from './connection-state.js';
import { type ClientConsole, clientConsole } from './console.js';
import { Drain } from './drain.js';
import { Greeting } from './greeting.js';
import { answerInvocation, type InvocationContext } from './invocations.js';
import { namespaceOfTrigger } from './namespaces.js';
import type { WorkerIdentity } from './options.js';
import { Outbox } from './outbox.js';
import { type ClientPhase, refusalOf, shuttingDown } from './phase.js';
import { RAW_CALLS, rawCallsOver } from './raw-calls.js';
import { type RegisteredFunction, type RegisterTrigger, Registrations } from './registrations.js';
import { RunningCalls } from './running-calls.js';
import { provideStream } from './stream-providing.js';
import { acceptTrigger, type ProviderContext, releaseTrigger } from './trigger-providing.js';

export interface ClientOptions {
  readonly identity: WorkerIdentity;
  /** Milliseconds a call waits for its answer, unless it says otherwise. */
  readonly invocationTimeoutMs: number;
  readonly clock?: Clock;
  readonly console?: ClientConsole;
}

/** Makes a client on a link and starts connecting. */
export function createClient(link: Link, options: ClientOptions): IIIClient {
  const client = new Client(link, options);
  allowOffers(client, link);
  return client;
}

/** The engine's name for this connection, presented when the next one is made. */
interface Identity {
  readonly workerId: string;
  readonly reattachToken: string | undefined;
}

interface ChannelRefs {
  readonly writer: StreamChannelRef;
  readonly reader: StreamChannelRef;
}

class Client implements IIIClient {
  readonly #registrations = new Registrations();
  readonly #running = new RunningCalls();
  readonly #outbox: Outbox;
  readonly #calls: Calls;
  readonly #clock: Clock;
  readonly #console: ClientConsole;
  readonly #state: ConnectionState;
  readonly #greeting = new Greeting();
  readonly #providing: ProviderContext;
  readonly #answering: InvocationContext;
  #phase: ClientPhase = { phase: 'serving' };
  #identity: Identity | undefined;
  #drain: Drain | undefined;
  #ending: Promise<void> | undefined;

  constructor(
    private readonly link: Link,
    private readonly options: ClientOptions,
  ) {
    const { identity, invocationTimeoutMs } = options;
    this.#clock = options.clock ?? systemClock;
    this.#console = options.console ?? clientConsole;
    this.#outbox = new Outbox(link, {
      refusal: (functionId) => refusalOf(this.#phase, functionId),
      problem: this.#console.problem,
    });
    this.#calls = new Calls(this.#outbox, {
      clock: this.#clock,
      namespace: identity.namespace,
      invocationTimeoutMs,
      usesCancel: () => this.#greeting.uses('cancel'),
    });
    this.#state = new ConnectionState(this.#console.problem);
    this.#providing = {
      find: (type) => this.#registrations.triggerTypes.get(type),
      send: (answer) => this.#outbox.send(answer),
      problem: this.#console.problem,
    };
    this.#answering = {
      find: (id) => this.#registrations.functions.get(id),
      send: (answer) => this.#outbox.send(answer),
      connectChannel: link.connectChannel,
      running: this.#running,
      problem: this.#console.problem,
    };
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
    handler: FunctionHandler | HttpInvocationConfig,
    options: RegisterFunctionOptions = {},
  ): FunctionRef => {
    const isLocal = typeof handler === 'function';
    const message: OutgoingMessage = {
      ...options,
      ...(isLocal ? {} : { invocation: httpInvocation(handler) }),
      type: 'registerfunction',
      id: functionId,
    };
    return this.#offer(functionId, { message, handler: isLocal ? handler : undefined });
  };

  #offer(functionId: string, registered: RegisteredFunction): FunctionRef {
    if (!functionId?.trim()) throw new Error('id is required');
    const { functions } = this.#registrations;
    if (functions.has(functionId)) throw new Error(`function id already registered: ${functionId}`);
    functions.set(functionId, registered);
    this.#sendIfUp(registered.message);
    return {
      id: functionId,
      unregister: () => {
        if (functions.get(functionId) === registered) functions.delete(functionId);
        this.#sendIfUp({ type: 'unregisterfunction', id: functionId });
      },
    };
  }

  readonly [RAW_CALLS] = rawCallsOver(
    (id, registered) => this.#offer(id, registered),
    (request, extras) => this.#calls.make(request, extras),
  );

  readonly registerTrigger = (input: RegisterTriggerInput): Trigger => {
    const { type, namespace: asked, config, ...rest } = input;
    const namespace = namespaceOfTrigger(asked, this.options.identity.namespace);
    const id = randomUuid();
    const message = {
      // Programs in plain JavaScript may say trigger_type instead of type; it is among the rest.
      ...rest,
      ...(type === undefined ? {} : { trigger_type: type }),
      ...(namespace === undefined ? {} : { namespace }),
      type: 'registertrigger',
      id,
      config: config ?? null,
    } as RegisterTrigger;
    const { triggers } = this.#registrations;
    triggers.set(id, message);
    this.#sendIfUp(message);
    return {
      unregister: () => {
        triggers.delete(id);
        this.#outbox.send({ type: 'unregistertrigger', id, trigger_type: type });
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
    return plain(await this.#calls.make(request)) as TOutput;
  };

  readonly createChannel = async (bufferSize?: number): Promise<Channel> => {
    const { writer, reader } = await this.trigger<object, ChannelRefs>({
      function_id: EngineFunction.CreateChannel,
      payload: bufferSize === undefined ? {} : { buffer_size: bufferSize },
    });
    const { connectChannel } = this.link;
    return {
      writer: ChannelWriter.over(connectChannel, writer),
      reader: ChannelReader.over(connectChannel, reader),
      writerRef: writer,
      readerRef: reader,
    };
  };

  readonly createStream = <TData>(streamName: string, stream: IStream<TData>): { unregister(): void } =>
    provideStream(this, streamName, stream);

  readonly shutdown = (options?: ShutdownOptions): Promise<void> => {
    this.#ending ??= this.#shutDown(options?.drainMs ?? 0);
    return this.#ending;
  };

  readonly getConnectionState = (): IIIConnectionState => this.#state.current;

  readonly getAddress = (): string => this.link.address;

  readonly getFatalError = (): RegistrationRejectedError | undefined =>
    this.#phase.phase === 'rejected' ? this.#phase.error : undefined;

  readonly addConnectionStateListener = (listener: (state: IIIConnectionState) => void): (() => void) =>
    this.#state.listen(listener);

  readonly ready = (): Promise<void> => this.#greeting.wait(refusalOf(this.#phase, 'the engine'));

  /** A connection stands: retire the previous one, announce, replay, then what has waited (sdk-node.md §8.3). */
  #up(): void {
    const { identity } = this.options;
    if (this.#identity !== undefined) {
      const { workerId, reattachToken } = this.#identity;
      this.#outbox.sendNow({
        type: 'reattach',
        previous_worker_id: workerId,
        ...(reattachToken === undefined ? {} : { reattach_token: reattachToken }),
      });
    }
    this.#outbox.sendNow({
      type: 'invokefunction',
      function_id: EngineFunction.RegisterWorker,
      data: announcement(identity),
      action: { type: 'void' },
      namespace: 'default',
    });
    if (this.#phase.phase === 'serving') {
      for (const message of this.#registrations.replay()) this.#outbox.sendNow(message);
    }
    this.#calls.flush();
  }

  #down(reason: string): void {
    this.#greeting.lost();
    this.#calls.lost(reason);
    this.#running.lose(reason);
    this.#drain?.quiet();
    if (this.#state.current !== 'failed' || refusalOf(this.#phase, 'the engine') !== undefined) return;
    this.#phase = { phase: 'failed', reason };
    this.#endCalls((functionId) => refusalOf(this.#phase, functionId) ?? shuttingDown());
  }

  #receive(message: IncomingMessage): void {
    switch (message.type) {
      case 'invocationresult':
        this.#calls.settle(message);
        return;
      case 'invokefunction':
        void answerInvocation(message, this.#answering);
        return;
      case 'cancelinvocation':
        this.#running.cancel(message.invocation_id, message.reason);
        return;
      case 'registertrigger':
        void acceptTrigger(message, this.#providing);
        return;
      case 'unregistertrigger':
        void releaseTrigger(message, this.#providing);
        return;
      case 'triggerregistrationresult':
        if (isErrorBody(message.error)) {
          this.#console.triggerFailed(message.id, message.trigger_type, message.error.message);
        }
        return;
      case 'workerregistered':
        this.#greet(message);
        return;
      case 'pong':
        this.#drain?.quiet();
        return;
      case 'registrationrejected':
        this.#rejected(message);
        return;
      default:
    }
  }

  /** The engine may repeat its greeting; extensions are asked for once on each connection (DESIGN D16). */
  #greet(message: MessageOf<'workerregistered'>): void {
    this.#identity = { workerId: message.worker_id, reattachToken: message.reattach_token };
    this.#console.registered(message.worker_id);
    const extensions = this.#greeting.heard(message.extensions);
    if (extensions.length === 0) return;
    this.#outbox.sendNow({ type: 'useextensions', extensions });
    this.link.agreed?.(extensions);
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
    this.#endCalls(() => error);
    this.#running.lose(error.message);
    this.#drain?.quiet();
    this.link.abandon();
  }

  async #shutDown(drainMs: number): Promise<void> {
    if (drainMs > 0 && this.#phase.phase === 'serving') await this.#finishCalls(drainMs);
    this.#phase = { phase: 'shut down' };
    this.#endCalls(shuttingDown);
    this.#running.stopAll();
    await this.link.close();
    this.#state.change('disconnected');
  }

  /**
   * A call may be on its way here when its function is withdrawn. The answer to a ping comes behind the last of them
   * (protocol.md §1.6, §5.4), so what is here by then is all there will be; until then functions can still be found.
   */
  async #finishCalls(drainMs: number): Promise<void> {
    this.#phase = { phase: 'draining' };
    this.#drain = new Drain(this.#clock, this.#running);
    if (this.#state.current === 'connected') {
      for (const message of this.#registrations.withdrawal()) this.#outbox.sendNow(message);
      this.#outbox.sendNow({ type: 'ping' });
    } else {
      this.#drain.quiet();
    }
    await this.#drain.finished(drainMs);
  }

  /** Nothing that waits will be answered any more. */
  #endCalls(failure: (functionId: string) => Error): void {
    this.#calls.end(failure);
    this.#greeting.end(failure('the engine'));
  }

  /** Registrations are not kept for later: they are replayed. A client that is ending changes none any more. */
  #sendIfUp(message: OutgoingMessage): void {
    if (this.#state.current === 'connected' && this.#phase.phase === 'serving') this.#outbox.sendNow(message);
  }
}

/** Exactly the members the engine knows. */
function httpInvocation(config: HttpInvocationConfig): Record<string, unknown> {
  const { url, method, timeout_ms, headers, auth } = config;
  return { url, method: method ?? 'POST', timeout_ms, headers, auth };
}
