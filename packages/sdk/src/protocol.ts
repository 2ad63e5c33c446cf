import type { HttpInvocationConfig } from './types/http-invocation.js';

export type { ErrorBody } from 'iii-protocol';

/** Types of the frames a client sends and receives. */
export enum MessageType {
  RegisterFunction = 'registerfunction',
  UnregisterFunction = 'unregisterfunction',
  InvokeFunction = 'invokefunction',
  InvocationResult = 'invocationresult',
  RegisterTriggerType = 'registertriggertype',
  RegisterTrigger = 'registertrigger',
  UnregisterTrigger = 'unregistertrigger',
  UnregisterTriggerType = 'unregistertriggertype',
  TriggerRegistrationResult = 'triggerregistrationresult',
  WorkerRegistered = 'workerregistered',
  Reattach = 'reattach',
  RegistrationRejected = 'registrationrejected',
}

type JsonSchemaType = 'string' | 'number' | 'boolean' | 'object' | 'array' | 'null' | 'map' | 'integer';

/** A JSON Schema, or the older form of it with `name` and `type`. It is published, never enforced. */
export interface RegisterFunctionFormat {
  name?: string;
  description?: string;
  type?: JsonSchemaType | JsonSchemaType[] | (string & {});
  properties?: Record<string, unknown>;
  items?: unknown;
  required?: string[];
  [key: string]: unknown;
}

export interface RegisterFunctionMessage {
  message_type: MessageType.RegisterFunction;
  id: string;
  description?: string;
  request_format?: RegisterFunctionFormat;
  response_format?: RegisterFunctionFormat;
  /** Shown by listings; `internal: true` hides the function from them. */
  metadata?: Record<string, unknown>;
  invocation?: HttpInvocationConfig;
}

export interface RegisterTriggerMessage {
  message_type: MessageType.RegisterTrigger;
  id: string;
  type: string;
  function_id: string;
  config: unknown;
  /** Delivered to the handler as its second argument. */
  metadata?: Record<string, unknown>;
  /** Namespace of the target function. Default: the namespace of this worker. */
  namespace?: string;
  /** Namespace of the worker that serves the trigger type. Default: found by the engine. */
  trigger_namespace?: string;
}

export interface RegisterTriggerTypeMessage {
  message_type: MessageType.RegisterTriggerType;
  id: string;
  description: string;
  /** Schema of the `config` of a trigger of this type. */
  trigger_request_format?: RegisterFunctionFormat;
  /** Schema of the payload a target function receives. */
  call_request_format?: RegisterFunctionFormat;
  namespace?: string;
}

export type RegisterFunctionInput = Omit<RegisterFunctionMessage, 'message_type'>;
export type RegisterFunctionOptions = Omit<RegisterFunctionMessage, 'message_type' | 'id'>;
export type RegisterTriggerInput = Omit<RegisterTriggerMessage, 'message_type' | 'id'>;
export type RegisterTriggerTypeInput = Omit<RegisterTriggerTypeMessage, 'message_type'>;

/** How a call is delivered; see `TriggerAction` for how to make one. */
export type TriggerActionValue = { type: 'void' } | { type: 'enqueue'; queue: string };

/** What calls need of an `AbortSignal`. */
export interface AbortSource extends Pick<AbortSignal, 'aborted' | 'reason'> {
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A call. */
export interface TriggerRequest<TInput = unknown> {
  function_id: string;
  payload?: TInput;
  /** Absent: call now and wait for the answer. */
  action?: TriggerActionValue;
  /** Milliseconds to wait for the answer. `Infinity` waits for ever. Default: `invocationTimeoutMs` of the client. */
  timeoutMs?: number;
  /**
   * Ends the call when aborted: it rejects at once with the reason of the signal. An engine that knows how tells the
   * handler too; one that has not heard of the call yet never will. A call with `TriggerAction.Void` is only held
   * back by a signal that is aborted beforehand.
   */
  signal?: AbortSource;
  /** Delivered to the handler as its second argument. */
  metadata?: unknown;
  /** Namespace of the function. Default: the namespace of this worker. */
  namespace?: string;
}
