import type { Channel } from '../channel.js';
import type { FunctionHandler } from '../engine.js';
import type { RegistrationRejectedError } from '../errors.js';
import type {
  RegisterFunctionOptions,
  RegisterTriggerInput,
  RegisterTriggerTypeInput,
  TriggerRequest,
} from '../protocol.js';
import type { FunctionRef, IIIConnectionState, TriggerTypeRef } from '../runtime.js';
import type { IStream } from '../stream.js';
import type { Trigger, TriggerHandler } from '../trigger.js';
import type { HttpInvocationConfig } from './http-invocation.js';

/** How to shut down. */
export interface ShutdownOptions {
  /**
   * Milliseconds to wait for handlers that are running; `Infinity` waits for as long as they take. Default 0: they are
   * not waited for, as with the official client.
   */
  drainMs?: number;
}

/**
 * A worker as its program holds it. Every method is bound, so it may be taken apart:
 * `const { trigger } = registerWorker(url)`.
 */
export interface IIIClient {
  /**
   * Offers a function under an id, usually `service::name`.
   *
   * @param handler called with the payload, the metadata, and a context whose `signal` tells it when to stop.
   * @throws Error when the id is blank or already offered by this client.
   */
  registerFunction(
    functionId: string,
    handler: FunctionHandler | HttpInvocationConfig,
    options?: RegisterFunctionOptions,
  ): FunctionRef;
  /** Binds a trigger to a function. A refusal of the provider is printed. */
  registerTrigger(input: RegisterTriggerInput): Trigger;
  /**
   * Calls a function, wherever it is.
   *
   * @returns its result; for `TriggerAction.Enqueue` a receipt; for `TriggerAction.Void` nothing, at once.
   * @throws InvocationError with the code of what went wrong; the reason of `signal` when that is aborted.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the official types have it, and programs rely on the inference it gives
  trigger<TInput = unknown, TOutput = any>(request: TriggerRequest<TInput>): Promise<TOutput>;
  /** Makes a channel for bytes and text between workers; the same as `createChannel` of `iii-sdk/helpers`. */
  createChannel(bufferSize?: number): Promise<Channel>;
  /**
   * Keeps a stream in this program: its operations become the functions `stream::<operation>(<name>)`, which `iii-stream`
   * calls instead of its own store.
   *
   * @returns withdraws them.
   * @throws Error when this client already keeps a stream of that name.
   */
  createStream<TData>(streamName: string, stream: IStream<TData>): { unregister(): void };
  /** Serves a trigger type. */
  registerTriggerType<TConfig>(
    input: RegisterTriggerTypeInput,
    handler: TriggerHandler<TConfig>,
  ): TriggerTypeRef<TConfig>;
  unregisterTriggerType(input: RegisterTriggerTypeInput): void;
  /** Ends the connection for good. Calls still waiting are rejected, and handlers still running are told to stop. */
  shutdown(): Promise<void>;
  /**
   * The same, after what runs has been finished: functions and triggers are withdrawn first, so that calls go to other
   * workers, and calls that are here already are answered. Calls may be made until then.
   *
   * @param options a repeated call joins the first one, whose options count.
   */
  shutdown(options: ShutdownOptions): Promise<void>;
  getConnectionState(): IIIConnectionState;
  /** The address this client connects to. */
  getAddress(): string;
  /** Why the engine refused this worker for good, if it did. */
  getFatalError(): RegistrationRejectedError | undefined;
  /** Calls the listener with the current state and on every change, until the returned function is called. */
  addConnectionStateListener(listener: (state: IIIConnectionState) => void): () => void;
  /** Resolves when the engine has greeted this worker on the current connection; rejects when it never will. */
  ready(): Promise<void>;
}
