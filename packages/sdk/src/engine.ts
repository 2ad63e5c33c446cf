import type { JsonValue } from './types/json.js';

/** Ids of the functions every engine offers. */
export const EngineFunctions = {
  LIST_FUNCTIONS: 'engine::functions::list',
  INFO_FUNCTIONS: 'engine::functions::info',
  LIST_WORKERS: 'engine::workers::list',
  INFO_WORKERS: 'engine::workers::info',
  /** Trigger types, not triggers. */
  LIST_TRIGGERS: 'engine::triggers::list',
  INFO_TRIGGERS: 'engine::triggers::info',
  /** Triggers bound to functions. */
  LIST_REGISTERED_TRIGGERS: 'engine::registered-triggers::list',
  INFO_REGISTERED_TRIGGERS: 'engine::registered-triggers::info',
  REGISTER_WORKER: 'engine::workers::register',
} as const;

/** Ids of trigger types every engine serves. */
export const EngineTriggers = {
  FUNCTIONS_AVAILABLE: 'engine::functions-available',
  WORKERS_AVAILABLE: 'engine::workers-available',
  LOG: 'log',
} as const;

/**
 * A function as it is offered to others.
 *
 * @param data the payload of the call.
 * @param metadata what the caller, or the trigger, sent beside the payload.
 */
// biome-ignore lint/suspicious/noExplicitAny: the official types have it, and programs rely on the inference it gives
export type RemoteFunctionHandler<TInput = any, TOutput = any> = (
  data: TInput,
  metadata?: JsonValue,
) => Promise<TOutput> | TOutput;

/** What a handler is told beside the payload and metadata of a call. */
export interface HandlerContext {
  /**
   * Aborted when nobody waits for the answer any more, with a `CancellationError` that says why. Hand it on to
   * whatever the handler waits for: `fetch`, timers, other calls.
   */
  readonly signal: AbortSignal;
}

/**
 * A {@link RemoteFunctionHandler} that may also learn when to stop. Any handler with fewer parameters is one.
 *
 * @example
 * worker.registerFunction('report::make', async ({ url }, _metadata, { signal }) => {
 *   const page = await fetch(url, { signal });
 *   return page.text();
 * });
 */
// biome-ignore lint/suspicious/noExplicitAny: as above
export type FunctionHandler<TInput = any, TOutput = any> = (
  data: TInput,
  metadata: JsonValue | undefined,
  context: HandlerContext,
) => Promise<TOutput> | TOutput;
