import type { ChannelHub } from 'iii-channel/hub';
import { EngineFunction } from 'iii-protocol';
import type { EngineFunctionOutput } from 'iii-protocol/engine-functions';
import { defined } from '../defined.js';
import type { Surroundings } from '../options.js';
import type { FunctionTable } from '../routing/function-table.js';
import type { Router } from '../routing/router.js';
import type { SessionTable } from '../sessions/session-table.js';
import type { Triggers } from '../triggers/triggers.js';
import { addBuiltin } from './builtin.js';
import { isHidden, isReserved } from './function-rows.js';
import type { LoopLag } from './loop-lag.js';

type Status = EngineFunctionOutput<typeof EngineFunction.Status>;

/** What the status is read from. */
export interface StatusSources {
  readonly env: Surroundings;
  readonly sessions: SessionTable;
  readonly functions: FunctionTable;
  readonly triggers: Triggers;
  readonly router: Router;
  readonly channels: ChannelHub;
  readonly lag: LoopLag;
}

/** `engine::status`, an addition of this engine: how it is doing, in numbers that agree with the listings. */
export function addStatus(sources: StatusSources): void {
  const { env, functions } = sources;
  const startedAtMs = env.clock.now();
  const startedAt = env.clock.monotonic();
  addBuiltin(functions, EngineFunction.Status, () => ({
    version: env.version,
    started_at_ms: startedAtMs,
    uptime_ms: Math.round(env.clock.monotonic() - startedAt),
    pid: process.pid,
    ...countsOf(sources),
    memory: memory(),
    replicas_mode: env.replicas,
    ...defined({ event_loop_lag_ms: sources.lag.read() }),
  }));
}

function countsOf({ sessions, functions, triggers, router, channels }: StatusSources) {
  const { inFlight, counts } = router;
  return {
    listeners: sessions.engineWorkers.flatMap(({ instance, listener }) =>
      listener === undefined ? [] : [{ name: instance, ...listener }],
    ),
    workers: workersOf(sessions),
    functions: count(functions.entries(), (entry) => !isHidden(entry)),
    trigger_types: count(triggers.placement.types.entries(), ({ id }) => !isReserved(id)),
    triggers: bindingsOf(triggers),
    invocations: { in_flight: inFlight.size, total: counts.total, failed: counts.failed },
    channels: channels.usage,
    outbox_bytes: sessions.bufferedBytes,
  } satisfies Partial<Status>;
}

function workersOf(sessions: SessionTable): Status['workers'] {
  const inside = count(sessions.values(), (session) => session.inProcess !== undefined);
  return { connected: sessions.size - inside, in_process: inside + sessions.engineWorkers.length };
}

function bindingsOf(triggers: Triggers): Status['triggers'] {
  let live = 0;
  let pending = 0;
  for (const { state, definition } of triggers.bindings.values()) {
    if (isReserved(definition.functionId)) continue;
    if (state.status === 'live') live++;
    else pending++;
  }
  return { live, pending };
}

function memory(): Status['memory'] {
  const { rss, heapUsed } = process.memoryUsage();
  return { rss_bytes: rss, heap_used_bytes: heapUsed };
}

function count<T>(items: Iterable<T>, counts: (item: T) => boolean): number {
  let total = 0;
  for (const item of items) if (counts(item)) total++;
  return total;
}
