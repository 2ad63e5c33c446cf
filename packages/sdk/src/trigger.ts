/** A trigger bound to a function. */
export interface Trigger {
  unregister(): void;
}

/** What the provider of a trigger type is told about a binding. */
export interface TriggerConfig<TConfig> {
  id: string;
  function_id: string;
  config: TConfig;
  metadata?: Record<string, unknown>;
  /** Namespace of the target function; pass it on when calling. Absent: the default one. */
  namespace?: string;
}

/** Serves a trigger type. What `registerTrigger` throws is the reason its originator is given. */
export interface TriggerHandler<TConfig> {
  registerTrigger(config: TriggerConfig<TConfig>): Promise<void>;
  unregisterTrigger(config: TriggerConfig<TConfig>): Promise<void>;
}
