import type { FunctionHandler } from './engine.js';
import type { Trigger } from './trigger.js';

/**
 * `failed`: no more attempts will be made, because they are used up or the engine refused this worker for good.
 * `disconnected`: shut down, or between two states.
 */
export type IIIConnectionState = 'disconnected' | 'connecting' | 'connected' | 'reconnecting' | 'failed';

/** A function this client offers. */
export interface FunctionRef {
  id: string;
  unregister: () => void;
}

/** A trigger type this client serves. */
export interface TriggerTypeRef<TConfig = unknown> {
  id: string;
  /** Binds a trigger of this type to a function. */
  registerTrigger(functionId: string, config: TConfig, metadata?: Record<string, unknown>): Trigger;
  /** Offers a function and binds a trigger of this type to it; unregistering the function releases both. */
  registerFunction(
    functionId: string,
    handler: FunctionHandler,
    config: TConfig,
    metadata?: Record<string, unknown>,
  ): FunctionRef;
  unregister(): void;
}
