import { type Static, type TProperties, type TSchema, Type } from '@sinclair/typebox';
import { LIMITS } from './limits.js';
import { EngineFunction } from './well-known.js';

const DRAFT_07 = 'http://json-schema.org/draft-07/schema#';

function document<P extends TProperties>(title: string, properties: P) {
  return Type.Object(properties, { $schema: DRAFT_07, title });
}

/** An optional member for which `null` counts as absent. */
function optional<S extends TSchema>(schema: S, description: string) {
  return Type.Optional(Type.Union([schema, Type.Null()], { description }));
}

function nullable<S extends TSchema>(schema: S) {
  return Type.Union([schema, Type.Null()]);
}

const text = Type.String();
const flag = Type.Boolean();
const count = Type.Integer({ minimum: 0 });
const anyJson = Type.Unknown();

const search = optional(text, 'Case-insensitive substring; empty matches everything.');
const includeInternal = optional(flag, 'Also list what belongs to the engine. Default false.');
const namespaceChoice = optional(
  text,
  'Look only there. Default: `default`, or the only namespace that has it.',
);

// --- rows -------------------------------------------------------------------------------------------------

const FunctionSummary = Type.Object({
  function_id: text,
  namespace: text,
  worker_name: text,
  description: Type.Optional(text),
  metadata: Type.Optional(anyJson),
});

const FunctionDetail = Type.Object({
  function_id: text,
  namespace: text,
  worker_name: text,
  description: Type.Optional(text),
  request_schema: Type.Optional(anyJson),
  response_schema: Type.Optional(anyJson),
  metadata: Type.Optional(anyJson),
  registered_triggers: Type.Array(Type.Object({ id: text, trigger_type: text, config: anyJson })),
});

const FunctionMissing = Type.Object({
  function_id: text,
  error: Type.Union([Type.Literal('not_found'), Type.Literal('forbidden')]),
});

const TriggerTypeSummary = Type.Object({
  id: text,
  namespace: text,
  worker_name: text,
  description: text,
});

const TriggerTypeDetail = Type.Object({
  id: text,
  namespace: text,
  worker_name: text,
  description: text,
  configuration_schema: Type.Optional(anyJson),
  request_schema: Type.Optional(anyJson),
  response_schema: Type.Optional(anyJson),
  instance_count: count,
});

const bindingRow = {
  id: text,
  trigger_type: text,
  function_id: text,
  namespace: text,
  worker_name: text,
  status: Type.Union([Type.Literal('live'), Type.Literal('pending')]),
  config: anyJson,
};

const BindingSummary = Type.Object({ ...bindingRow, config_summary: text });

const workerRow = {
  name: nullable(text),
  description: nullable(text),
  version: nullable(text),
  id: text,
  namespace: text,
  runtime: nullable(text),
  os: nullable(text),
  status: text,
  function_count: count,
  functions: Type.Array(text),
  connected_at_ms: count,
  active_invocations: count,
  isolation: nullable(text),
  ip_address: nullable(text),
};

const WorkerSummary = Type.Object(workerRow);

const channelEnd = Type.Union([Type.Literal('waiting'), Type.Literal('attached'), Type.Literal('gone')]);

const ChannelRow = Type.Object({
  channel_id: text,
  state: Type.Union([Type.Literal('opening'), Type.Literal('open'), Type.Literal('ending')]),
  owner: Type.String({ description: 'Id of the connection that made it.' }),
  owner_name: nullable(Type.String({ description: 'Name of that worker; null when it is gone.' })),
  created_at_ms: count,
  age_ms: count,
  writer: channelEnd,
  reader: channelEnd,
  bytes: count,
  messages: count,
  bytes_per_second: count,
  buffered_bytes: count,
  spooled_bytes: count,
});

const ChannelRef = (direction: 'read' | 'write') =>
  Type.Object({ channel_id: text, access_key: text, direction: Type.Literal(direction) });

// --- functions --------------------------------------------------------------------------------------------

const functionsListInput = document('FunctionsListInput', {
  search,
  prefix: optional(text, 'Exact prefix of the function id.'),
  worker: optional(text, 'Exact name of the worker.'),
  workers: optional(Type.Array(text), 'Any of these workers; combined with `worker` by or. Empty is off.'),
  include_internal: includeInternal,
});

const functionsInfoInput = document('FunctionsInfoInput', {
  function_id: optional(text, 'One function; the answer is its detail.'),
  function_ids: optional(
    Type.Array(text),
    `Up to ${LIMITS.functionIdsPerInfo} functions; the answer is {"functions": […]} in this order.`,
  ),
  namespace: namespaceChoice,
});

const triggerTypesListInput = document('TriggerTypesListInput', {
  search,
  prefix: optional(text, 'Exact prefix of the type id.'),
  worker: optional(text, 'Exact name of the providing worker.'),
  include_internal: includeInternal,
});

const triggersListInput = document('RegisteredTriggersListInput', {
  search,
  trigger_type: optional(text, 'Exact trigger type.'),
  function_id: optional(text, 'Exact target function.'),
  worker: optional(text, 'Exact name of the worker that owns the target function.'),
  include_internal: includeInternal,
  include_pending: optional(flag, 'Also list bindings that wait for their provider. Default false.'),
});

const workersListInput = document('WorkersListInput', {
  search,
  runtime: optional(text, 'Exact runtime, for instance `node`.'),
  status: optional(text, 'Exact status.'),
  include_all: optional(flag, 'Also list connections that reported no process id. Default false.'),
});

const registerWorkerInput = document('RegisterWorkerInput', {
  _caller_worker_id: text,
  runtime: optional(text, 'Language runtime; `unknown` when absent.'),
  version: optional(text, 'Version of the SDK.'),
  name: optional(text, 'Display name.'),
  description: optional(text, 'One line about the worker.'),
  os: optional(text, 'Operating system.'),
  pid: optional(Type.Integer({ minimum: 0, maximum: 0xffff_ffff }), 'Process id.'),
  isolation: optional(text, 'Kind of sandbox the worker runs in.'),
  telemetry: optional(
    Type.Object({
      language: optional(text, 'Locale or language of the worker.'),
      project_name: optional(text, 'Project the worker belongs to.'),
      framework: optional(text, 'Framework the worker is written with.'),
    }),
    'What the SDK tells about the project.',
  ),
  namespace: optional(text, 'Namespace of everything this connection registers.'),
});

const registerTriggerInput = document('RegisterTriggerInput', {
  trigger_type: text,
  function_id: text,
  config: Type.Optional(anyJson),
  metadata: Type.Optional(anyJson),
  namespace: optional(text, 'Namespace of the target function. Default `default`.'),
  trigger_namespace: optional(text, 'Namespace of the provider. Default: resolved.'),
});

const statusOutput = document('StatusOutput', {
  version: text,
  started_at_ms: Type.Integer({ minimum: 0, description: 'Milliseconds since the epoch.' }),
  uptime_ms: Type.Integer({ minimum: 0, description: 'Not affected by changes of the clock.' }),
  pid: count,
  listeners: Type.Array(
    Type.Object({
      name: Type.String({ description: 'Instance name, as listed among the workers.' }),
      address: Type.String({ description: '`host:port` as bound.' }),
      driver: text,
    }),
    { description: 'Ports for workers.' },
  ),
  workers: Type.Object({
    connected: Type.Integer({ minimum: 0, description: 'Connections, the one that asks included.' }),
    in_process: Type.Integer({ minimum: 0, description: 'Workers inside the engine process.' }),
  }),
  functions: Type.Integer({ minimum: 0, description: 'As listed, without those of the engine.' }),
  trigger_types: Type.Integer({ minimum: 0, description: 'As listed, without those of the engine.' }),
  triggers: Type.Object(
    {
      live: count,
      pending: Type.Integer({ minimum: 0, description: 'Waiting for a worker that serves their type.' }),
    },
    { description: 'As listed, without those bound to functions of the engine.' },
  ),
  invocations: Type.Object(
    {
      in_flight: Type.Integer({ minimum: 0, description: 'Calls workers are executing now.' }),
      total: Type.Integer({ minimum: 0, description: 'Since the engine started.' }),
      failed: Type.Integer({ minimum: 0, description: 'Those of the total that ended with an error.' }),
    },
    { description: 'Calls of functions of workers, with those that found none or were refused.' },
  ),
  channels: Type.Object(
    {
      channels: Type.Integer({ minimum: 0, description: 'That have not ended.' }),
      memory_bytes: Type.Integer({ minimum: 0, description: 'Memory set aside for what waits.' }),
      spool_bytes: Type.Integer({ minimum: 0, description: 'Waiting on disk.' }),
    },
    { description: 'Channels between workers.' },
  ),
  outbox_bytes: Type.Integer({ minimum: 0, description: 'Waiting for all connections to take them.' }),
  memory: Type.Object(
    { rss_bytes: count, heap_used_bytes: count },
    { description: 'Of the engine process.' },
  ),
  replicas_mode: Type.Union([Type.Literal('shared'), Type.Literal('exclusive'), Type.Literal('latest')], {
    description: 'What several connections that offer one function mean.',
  }),
  event_loop_lag_ms: Type.Optional(
    Type.Number({
      minimum: 0,
      description: 'Longest the process was held up since the last such call; absent when that is long ago.',
    }),
  ),
});

function entry<Q extends TSchema, R extends TSchema>(description: string, request: Q, response: R) {
  return { description, request, response };
}

/** What every `engine::*` function takes and gives (protocol.md §9). */
export const ENGINE_FUNCTIONS = {
  [EngineFunction.CreateChannel]: entry(
    'Creates a channel. Each ref is the right to attach to one of its ends, once.',
    document('ChannelsCreateInput', {
      buffer_size: optional(count, 'Accepted and clamped to 1..1024; what waits is bounded in bytes.'),
    }),
    document('ChannelsCreateOutput', { writer: ChannelRef('write'), reader: ChannelRef('read') }),
  ),
  [EngineFunction.ChannelInfo]: entry(
    'Tells how far a channel is. An addition of this engine.',
    document('ChannelsInfoInput', { channel_id: text }),
    Type.Object(ChannelRow.properties, { $schema: DRAFT_07, title: 'ChannelsInfoOutput' }),
  ),
  [EngineFunction.ListChannels]: entry(
    'Lists channels that have not ended, oldest first. An addition of this engine.',
    document('ChannelsListInput', {}),
    document('ChannelsListOutput', { channels: Type.Array(ChannelRow) }),
  ),
  [EngineFunction.ListFunctions]: entry(
    'Lists registered functions.',
    functionsListInput,
    document('FunctionsListOutput', { functions: Type.Array(FunctionSummary) }),
  ),
  [EngineFunction.FunctionInfo]: entry(
    'Describes one function, or up to 32.',
    functionsInfoInput,
    Type.Union(
      [FunctionDetail, Type.Object({ functions: Type.Array(Type.Union([FunctionDetail, FunctionMissing])) })],
      { $schema: DRAFT_07, title: 'FunctionsInfoOutput' },
    ),
  ),
  [EngineFunction.ListTriggerTypes]: entry(
    'Lists trigger types.',
    triggerTypesListInput,
    document('TriggerTypesListOutput', { triggers: Type.Array(TriggerTypeSummary) }),
  ),
  [EngineFunction.TriggerTypeInfo]: entry(
    'Describes one trigger type.',
    document('TriggerTypeInfoInput', { id: text, namespace: namespaceChoice }),
    TriggerTypeDetail,
  ),
  [EngineFunction.ListTriggers]: entry(
    'Lists triggers bound to functions.',
    triggersListInput,
    document('RegisteredTriggersListOutput', { registered_triggers: Type.Array(BindingSummary) }),
  ),
  [EngineFunction.TriggerInfo]: entry(
    'Describes one trigger bound to a function.',
    document('RegisteredTriggerInfoInput', {
      id: text,
      include_pending: optional(flag, 'Also find a binding that waits for its provider. Default true.'),
    }),
    Type.Object({
      ...bindingRow,
      metadata: Type.Optional(anyJson),
      trigger: nullable(TriggerTypeDetail),
      function: nullable(FunctionDetail),
    }),
  ),
  [EngineFunction.ListWorkers]: entry(
    'Lists connected workers and those of the engine.',
    workersListInput,
    document('WorkersListOutput', { workers: Type.Array(WorkerSummary) }),
  ),
  [EngineFunction.WorkerInfo]: entry(
    'Describes one worker with what it offers.',
    document('WorkerInfoInput', { name: text, namespace: namespaceChoice }),
    document('WorkerInfoOutput', {
      worker: Type.Object({ ...workerRow, pid: Type.Optional(count), internal: flag }),
      functions: Type.Array(FunctionSummary),
      trigger_types: Type.Array(TriggerTypeSummary),
      registered_triggers: Type.Array(BindingSummary),
    }),
  ),
  [EngineFunction.RegisterWorker]: entry(
    'Announces the calling worker. Sent by every SDK when it connects.',
    registerWorkerInput,
    document('RegisterWorkerOutput', { success: flag }),
  ),
  [EngineFunction.RegisterTrigger]: entry(
    'Binds a trigger that outlives the calling worker.',
    registerTriggerInput,
    document('RegisterTriggerOutput', { id: text }),
  ),
  [EngineFunction.UnregisterTrigger]: entry(
    'Releases a trigger.',
    document('UnregisterTriggerInput', {
      id: text,
      trigger_type: optional(text, 'Not used for the look-up.'),
    }),
    document('UnregisterTriggerOutput', { removed: flag }),
  ),
  [EngineFunction.Status]: entry(
    'Tells how the engine is doing, in numbers. An addition of this engine: others do not have it.',
    document('StatusInput', {}),
    statusOutput,
  ),
} as const;

export type EngineFunctionId = keyof typeof ENGINE_FUNCTIONS;
/** What an engine function answers with, as JSON values. */
export type EngineFunctionOutput<Id extends EngineFunctionId> = Static<
  (typeof ENGINE_FUNCTIONS)[Id]['response']
>;
export type EngineFunctionInput<Id extends EngineFunctionId> = Static<
  (typeof ENGINE_FUNCTIONS)[Id]['request']
>;
