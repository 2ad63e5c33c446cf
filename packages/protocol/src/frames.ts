import type { RawJson } from './raw-json.js';

/** An error as it travels (protocol.md §3.16). */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly stacktrace?: string;
}

/** How an invocation wants to be delivered; absent means "now, and answer me" (§3.12). */
export type Action =
  | { readonly type: 'void' }
  | {
      readonly type: 'enqueue';
      readonly queue: string;
      /** What else the caller put into the action; for the queue provider. An addition of this engine. */
      readonly options?: Readonly<Record<string, unknown>>;
    };

/** Offers a function (§3.4). Worker to engine. */
export interface RegisterFunctionFrame {
  readonly type: 'registerfunction';
  readonly id: string;
  readonly description?: string;
  readonly request_format?: RawJson;
  readonly response_format?: RawJson;
  readonly metadata?: RawJson;
  /** Present for functions the engine calls over HTTP (§13). */
  readonly invocation?: RawJson;
}

/** Withdraws a function (§3.5). Worker to engine. */
export interface UnregisterFunctionFrame {
  readonly type: 'unregisterfunction';
  readonly id: string;
}

/** Legacy service record (§3.6): accepted, without effect. Worker to engine. */
export interface RegisterServiceFrame {
  readonly type: 'registerservice';
  readonly id: string;
}

/** Offers to serve a trigger type (§3.7). Worker to engine. */
export interface RegisterTriggerTypeFrame {
  readonly type: 'registertriggertype';
  readonly id: string;
  readonly description: string;
  readonly trigger_request_format?: RawJson;
  readonly call_request_format?: RawJson;
  readonly namespace?: string;
}

/** Stops serving a trigger type (§3.8). Worker to engine. */
export interface UnregisterTriggerTypeFrame {
  readonly type: 'unregistertriggertype';
  readonly id: string;
  readonly namespace?: string;
}

/** Binds a trigger to a function: worker to engine, then forwarded by the engine to the provider (§3.9). */
export interface RegisterTriggerFrame {
  readonly type: 'registertrigger';
  readonly id: string;
  readonly trigger_type: string;
  readonly function_id: string;
  readonly config: RawJson;
  readonly metadata?: RawJson;
  /** Namespace of the target function; absent is `default`. */
  readonly namespace?: string;
  /** Namespace of the provider; absent lets the engine resolve it (§6.2). */
  readonly trigger_namespace?: string;
}

/** Releases a binding, in both directions (§3.10). Always carries `trigger_type` towards a provider. */
export interface UnregisterTriggerFrame {
  readonly type: 'unregistertrigger';
  readonly id: string;
  readonly trigger_type?: string;
}

/** A provider's answer to `registertrigger`, and the engine's report of a failure to the originator (§3.11). */
export interface TriggerRegistrationResultFrame {
  readonly type: 'triggerregistrationresult';
  readonly id: string;
  readonly trigger_type: string;
  readonly function_id: string;
  readonly error?: ErrorBody;
}

/** A call: from the caller to the engine, and from the engine to the executor (§3.12). */
export interface InvokeFunctionFrame {
  readonly type: 'invokefunction';
  /** UUID. Absent: no answer is wanted. Always present towards an executor. */
  readonly invocation_id?: string;
  readonly function_id: string;
  readonly data: RawJson;
  readonly traceparent?: string;
  readonly baggage?: string;
  /** Never sent to an executor. */
  readonly action?: Action;
  readonly metadata?: RawJson;
  /** Target namespace; absent is `default`. Never sent to an executor. */
  readonly namespace?: string;
  /** Milliseconds after which nobody waits any more. Only between peers that agreed on `cancel`. */
  readonly deadline_ms?: number;
}

/**
 * Nobody waits for a call any more. From the caller to the engine with the caller’s id, from the engine to the
 * executor with the executor’s. Only between peers that agreed on `cancel`.
 */
export interface CancelInvocationFrame {
  readonly type: 'cancelinvocation';
  readonly invocation_id: string;
  /** What the caller says about it. */
  readonly reason?: string;
}

/** Asks for extensions the engine has offered. Worker to engine; official clients never send it. */
export interface UseExtensionsFrame {
  readonly type: 'useextensions';
  readonly extensions: readonly string[];
}

/** The outcome of a call; neither `result` nor `error` means success without a value (§3.13). */
export interface InvocationResultFrame {
  readonly type: 'invocationresult';
  readonly invocation_id: string;
  readonly function_id: string;
  readonly result?: RawJson;
  readonly error?: ErrorBody;
  readonly traceparent?: string;
  readonly baggage?: string;
}

/** JSON-level liveness (§1.6). */
export interface PingFrame {
  readonly type: 'ping';
}
export interface PongFrame {
  readonly type: 'pong';
}

/** Retires the connection this worker had before (§3.14). Worker to engine. */
export interface ReattachFrame {
  readonly type: 'reattach';
  readonly previous_worker_id: string;
  readonly reattach_token?: string;
}

/** Always the first frame of the engine (§3.2). */
export interface WorkerRegisteredFrame {
  readonly type: 'workerregistered';
  readonly worker_id: string;
  /** Secret of this connection, presented by `reattach` on the next one. */
  readonly reattach_token?: string;
  /** What goes beyond the official protocol and may be asked for with `useextensions`; see {@link EXTENSIONS}. */
  readonly extensions?: readonly string[];
}

/** A registration that was refused (§3.3). Engine to worker. */
export interface RegistrationRejectedFrame {
  readonly type: 'registrationrejected';
  readonly code: string;
  readonly namespace: string;
  readonly worker_name?: string;
  readonly function_id?: string;
  /** Empty when the engine itself owns what was asked for. */
  readonly owner_worker_id: string;
}

/** The last word before a failed authentication closes the socket (§3.15). Engine to worker. */
export interface ErrorFrame {
  readonly type: 'error';
  readonly error: ErrorBody;
}

/** What a worker may send. */
export type WorkerFrame =
  | RegisterFunctionFrame
  | UnregisterFunctionFrame
  | RegisterServiceFrame
  | RegisterTriggerTypeFrame
  | UnregisterTriggerTypeFrame
  | RegisterTriggerFrame
  | UnregisterTriggerFrame
  | TriggerRegistrationResultFrame
  | InvokeFunctionFrame
  | CancelInvocationFrame
  | InvocationResultFrame
  | UseExtensionsFrame
  | PingFrame
  | PongFrame
  | ReattachFrame;

/** What the engine may send. */
export type EngineFrame =
  | WorkerRegisteredFrame
  | RegistrationRejectedFrame
  | RegisterTriggerFrame
  | UnregisterTriggerFrame
  | TriggerRegistrationResultFrame
  | InvokeFunctionFrame
  | CancelInvocationFrame
  | InvocationResultFrame
  | PongFrame
  | ErrorFrame;

export type Frame = WorkerFrame | EngineFrame;
export type FrameType = Frame['type'];
export type FrameOf<T extends FrameType> = Extract<Frame, { readonly type: T }>;
