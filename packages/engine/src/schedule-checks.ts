import { same } from './schedule-steps.js';
import type { Received, TestEngine, TestWorker } from './test-support.js';

export interface Wish {
  readonly type: string;
  readonly functionId: string;
}

/** What the model knows of a connection. */
export interface Connection {
  readonly wire: TestWorker;
  isAnnounced: boolean;
  isReading: boolean;
  /** What waits for the announcement. */
  readonly held: Array<() => void>;
  readonly heldFunctions: Set<string>;
  readonly bindings: Map<string, Wish>;
  /** Where in its inbox a provider began anew with a type; `unknown` when it withdrew the type unannounced. */
  readonly served: Map<string, number | 'unknown'>;
}

/** `given`: a worker executes it. `ended`: its caller has an outcome. `left`: nobody waits for an outcome any more. */
export interface CallRecord {
  readonly id: string;
  readonly caller: Connection;
  readonly functionId: string;
  state: 'held' | 'given' | 'ended' | 'left';
  executor?: Connection;
  /** What the executor was given. */
  invocation?: Received;
  answers: number;
}

/** What a reader of the protocol would expect to be there. */
export interface Model {
  readonly connections: readonly Connection[];
  /** Who offers a function, oldest first. */
  readonly providers: ReadonlyMap<string, readonly Connection[]>;
  /** Who serves a trigger type, in the order of registration: the last one is active. */
  readonly servers: ReadonlyMap<string, readonly Connection[]>;
  readonly calls: readonly CallRecord[];
}

/** @throws Error when the tables of the engine are not as the model has them. */
export function checkTables(engine: TestEngine, model: Model): void {
  checkSessions(engine, model);
  checkFunctions(engine, model);
  checkBindings(engine, model);
  checkProviders(engine, model);
  checkCalls(engine, model);
}

function checkSessions(engine: TestEngine, model: Model): void {
  same(
    'sessions',
    [...engine.core.sessions.values()].map(({ id }) => id),
    model.connections.map(({ wire }) => wire.id),
  );
}

function checkFunctions(engine: TestEngine, model: Model): void {
  const rows = (id: string, workers: readonly string[]) => `${id} at ${[...workers].join(', ')}`;
  same(
    'functions',
    [...engine.core.functions.entries()]
      .filter(({ providers }) => providers.some(({ kind }) => kind === 'session'))
      .map(({ id, providers }) =>
        rows(
          id,
          providers.flatMap((provider) => (provider.kind === 'session' ? [provider.session.id] : [])),
        ),
      ),
    [...model.providers]
      .filter(([, connections]) => connections.length > 0)
      .map(([id, connections]) =>
        rows(
          id,
          connections.map(({ wire }) => wire.id),
        ),
      ),
  );
}

function checkBindings(engine: TestEngine, model: Model): void {
  const bindings = [...engine.core.triggers.bindings.values()];
  const wished = new Set(model.connections.flatMap((connection) => [...connection.bindings.keys()]));
  same(
    'bindings',
    bindings.map(({ definition }) => definition.id),
    [...wished],
  );
  for (const { definition, owners, state } of bindings) {
    const { id, triggerType, functionId } = definition;
    if (owners.length === 0) throw new Error(`binding ${id} belongs to nobody`);
    for (const owner of owners) {
      const wish = model.connections.find(({ wire }) => wire.session === owner)?.bindings.get(id);
      if (wish?.type !== triggerType || wish.functionId !== functionId) {
        throw new Error(`binding ${id} is not what its owner asks for`);
      }
    }
    const server = model.servers.get(triggerType)?.at(-1);
    if (server !== undefined && !server.isReading) continue;
    if ((state.status === 'live') !== (server !== undefined)) {
      throw new Error(`binding ${id} is ${state.status}, its type has ${server ? 'a' : 'no'} provider`);
    }
  }
}

/** What providers were told, frame by frame. */
function checkProviders(engine: TestEngine, model: Model): void {
  const bindings = [...engine.core.triggers.bindings.values()];
  for (const connection of model.connections.filter(({ isReading }) => isReading)) {
    for (const [type, servers] of model.servers) {
      const since = connection.served.get(type) ?? 0;
      if (servers.at(-1) !== connection || since === 'unknown') continue;
      const told = new Map<string, Received>();
      for (const frame of connection.wire.inbox.slice(since)) {
        if (frame.type === 'registertrigger') told.set(String(frame.id), frame);
        if (frame.type === 'unregistertrigger') told.delete(String(frame.id));
      }
      same(
        `bindings of the provider of ${type}`,
        [...told.values()]
          .filter((frame) => frame.trigger_type === type)
          .map((frame) => `${String(frame.id)} ${String(frame.function_id)}`),
        bindings
          .filter(({ definition }) => definition.triggerType === type)
          .map(({ definition }) => `${definition.id} ${definition.functionId}`),
      );
    }
  }
}

function checkCalls(engine: TestEngine, model: Model): void {
  const given = model.calls.filter(({ executor }) => executor !== undefined);
  if (engine.core.router.inFlight.size !== given.length) {
    throw new Error(`${engine.core.router.inFlight.size} calls in flight instead of ${given.length}`);
  }
  for (const call of model.calls) {
    const { caller, id, state } = call;
    const answers = caller.wire.got('invocationresult').filter((frame) => frame.invocation_id === id);
    const expected = state === 'ended' ? 1 : 0;
    if (answers.length === expected) continue;
    // A caller that stopped reading gets nothing any more, however its call ended.
    if (!caller.isReading && answers.length <= expected) continue;
    throw new Error(`call ${id} is ${state} and was answered ${answers.length} times`);
  }
  const frames = model.connections.flatMap(({ wire }) => wire.got('invokefunction'));
  const ids = frames.map((frame) => String(frame.invocation_id));
  if (new Set(ids).size !== ids.length) throw new Error('a call was delivered twice');
  const unknown = frames.filter((frame) => model.calls.every(({ invocation }) => invocation !== frame));
  if (unknown.length > 0) throw new Error(`${unknown.length} calls were delivered that nobody made`);
}
