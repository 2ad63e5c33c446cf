import { ChannelHub } from 'iii-channel/hub';
import { addChannelFunctions } from './builtins/channels.js';
import { addFunctionListings } from './builtins/list-functions.js';
import { addTriggerListings } from './builtins/list-triggers.js';
import { addWorkerListings } from './builtins/list-workers.js';
import { LoopLag } from './builtins/loop-lag.js';
import { addTriggerRegistration } from './builtins/register-trigger.js';
import { addWorkerRegistration } from './builtins/register-worker.js';
import { addStatus } from './builtins/status.js';
import { ENGINE_WORKER } from './builtins/worker-names.js';
import { ChannelDoor } from './channels/channel-door.js';
import { Discovery } from './discovery.js';
import { Dispatcher } from './dispatcher.js';
import type { Surroundings } from './options.js';
import { FunctionTable } from './routing/function-table.js';
import { Router } from './routing/router.js';
import { KeptBytes } from './sessions/intake.js';
import { Lifecycle } from './sessions/lifecycle.js';
import { OutboxBudget } from './sessions/outbox-budget.js';
import { SessionTable } from './sessions/session-table.js';
import { Triggers } from './triggers/triggers.js';

/** The parts of an engine, put together; nothing of it knows a socket. */
export interface Core {
  readonly env: Surroundings;
  readonly sessions: SessionTable;
  readonly functions: FunctionTable;
  readonly triggers: Triggers;
  readonly router: Router;
  readonly discovery: Discovery;
  readonly dispatcher: Dispatcher;
  readonly lifecycle: Lifecycle;
  readonly channels: ChannelHub;
  readonly channelDoor: ChannelDoor;
  /** What waits for all workers together. */
  readonly outboxes: OutboxBudget;
  /** What is kept of long messages, and of what waits behind them. */
  readonly kept: KeptBytes;
  readonly lag: LoopLag;
}

export function createCore(env: Surroundings): Core {
  const sessions = new SessionTable();
  const functions: FunctionTable = new FunctionTable(env.replicas, () => discovery.functionsChanged());
  const router = new Router(functions, env);
  const triggers = new Triggers(env);
  const discovery: Discovery = new Discovery(env, functions, router);
  const dispatcher: Dispatcher = new Dispatcher(env, functions, triggers, router, () => lifecycle);
  const channels = new ChannelHub({ ...env.channels, clock: env.clock, log: env.log });
  const tables = { sessions, functions, triggers, router, discovery, channels };
  const lifecycle: Lifecycle = new Lifecycle(env, tables, (session, frame) =>
    dispatcher.apply(session, frame),
  );
  sessions.addEngineWorker({
    name: ENGINE_WORKER,
    instance: ENGINE_WORKER,
    version: env.version,
    description: 'The functions and trigger types of the engine itself.',
    mandatory: true,
    startedAtMs: env.clock.now(),
  });
  discovery.register(triggers);
  addFunctionListings(functions, triggers);
  addTriggerListings(functions, triggers);
  addWorkerListings(functions, triggers, sessions);
  addTriggerRegistration(functions, triggers);
  addWorkerRegistration(functions, sessions, lifecycle);
  addChannelFunctions(functions, channels, sessions);
  const channelDoor = new ChannelDoor(channels, env);
  const lag = new LoopLag(env.clock);
  addStatus({ env, sessions, functions, triggers, router, channels, lag });
  const outboxes = new OutboxBudget(env.limits.maxTotalOutboxBytes);
  const kept = new KeptBytes();
  return { env, ...tables, dispatcher, lifecycle, channelDoor, outboxes, kept, lag };
}
