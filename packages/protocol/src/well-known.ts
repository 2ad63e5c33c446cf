/** Function ids of the engine (protocol.md §9). */
export const EngineFunction = {
  CreateChannel: 'engine::channels::create',
  ChannelInfo: 'engine::channels::info',
  ListChannels: 'engine::channels::list',
  ListFunctions: 'engine::functions::list',
  FunctionInfo: 'engine::functions::info',
  ListTriggerTypes: 'engine::triggers::list',
  TriggerTypeInfo: 'engine::triggers::info',
  ListTriggers: 'engine::registered-triggers::list',
  TriggerInfo: 'engine::registered-triggers::info',
  ListWorkers: 'engine::workers::list',
  WorkerInfo: 'engine::workers::info',
  RegisterWorker: 'engine::workers::register',
  RegisterTrigger: 'engine::register_trigger',
  UnregisterTrigger: 'engine::unregister_trigger',
  /** An addition of this engine: other engines have no such function. */
  Status: 'engine::status',
} as const;

/** Trigger types the engine provides itself (§10). */
export const EngineTrigger = {
  FunctionsAvailable: 'engine::functions-available',
  WorkersAvailable: 'engine::workers-available',
} as const;

/** Function the enqueue action is handed to (§7.3). */
export const ENQUEUE_FUNCTION = 'engine::queue::enqueue';
/**
 * Where a provider in the engine's process offers this too, jobs that come together are handed to it together, in a text
 * that stands for them (`rawPartsList`).
 */
export const ENQUEUE_MANY_FUNCTION = 'engine::queue::enqueue_many';

/** Member the engine adds to the payload of every direct call (§7.5). */
export const CALLER_MEMBER = '_caller_worker_id';

/** Where ids live that name no namespace (§4.1). */
export const DEFAULT_NAMESPACE = 'default';

/** Ids the engine reserves (§5.5). */
export const RESERVED_PREFIX = 'engine::';

/** Baggage entry that names the function a call is for (§7.8). */
export const FUNCTION_BAGGAGE = 'iii.function.id';

/**
 * The worker that usually serves a trigger type, by the id of the type: for listings when the provider has no name
 * (§9.3) and for the advice logged with a binding that waits (§6.3).
 */
export const USUAL_PROVIDER: Readonly<Record<string, string>> = {
  http: 'iii-http',
  cron: 'iii-cron',
  subscribe: 'iii-pubsub',
  state: 'iii-state',
  'durable:subscriber': 'queue',
  stream: 'iii-stream',
  'stream:join': 'iii-stream',
  'stream:leave': 'iii-stream',
  log: 'iii-observability',
  trace: 'iii-observability',
  configuration: 'configuration',
};

const BUILTIN_PREFIXES = [
  'engine::',
  'state::',
  'stream::',
  'configuration::',
  'iii::',
  'iii-http::',
  'iii-state::',
  'iii-pubsub::',
  'iii-stream::',
  'iii-cron::',
  'iii-queue::',
  'iii-observability::',
  'bridge.',
  'motia::',
  'steps::',
];
const BUILTIN_IDS = new Set(['publish', 'motia_step_get']);

/** Ids that run under the caller's baggage unchanged (§7.8). */
export function isBuiltinId(id: string): boolean {
  return BUILTIN_IDS.has(id) || BUILTIN_PREFIXES.some((prefix) => id.startsWith(prefix));
}

/**
 * Extensions of the official protocol, offered in `workerregistered` and used with peers that ask for them.
 * `cancel`: deadlines travel with calls, and calls can be cancelled. `parts`: the engine takes a long frame in parts, see
 * {@link LongFrame}. `batch`: both sides take several short frames in one message, see {@link joinFrames}.
 */
export const EXTENSIONS = ['cancel', 'parts', 'batch'] as const;
export type Extension = (typeof EXTENSIONS)[number];
