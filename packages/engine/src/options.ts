import { type Clock, LIMITS, type Log, randomUuid, silentLog, systemClock } from 'iii-protocol';
import type { ReplicaMode } from './routing/function-table.js';

/** Bounds a deployment may change; defaults are those of `LIMITS` in iii-protocol. Milliseconds and bytes. */
export interface EngineLimits {
  readonly registrationGraceMs: number;
  readonly maxMessageBytes: number;
  readonly maxOutboxBytes: number;
  readonly maxInFlight: number;
  readonly maxHeldFrames: number;
  readonly maxHeldBytes: number;
  readonly reattachWaitMs: number;
  readonly providerAckMs: number;
  readonly engineCallMs: number;
  readonly functionsAvailableDebounceMs: number;
  readonly maxTotalOutboxBytes: number;
  readonly livenessMs: number;
  readonly probeMs: number;
  readonly twinProbeMs: number;
  readonly maxFunctionsPerConnection: number;
  readonly maxTriggerTypesPerConnection: number;
  readonly maxBindingsPerConnection: number;
  readonly maxUnannouncedFramesPerSecond: number;
  readonly rejectedTriggerRetryMs: readonly number[];
}

/** What channels may use. */
export interface ChannelSettings {
  /** Bytes that may wait on disk for readers that do not keep up. */
  readonly spoolLimitBytes?: number;
  /** Where they wait. Default: the system’s directory for temporary files. */
  readonly spoolDirectory?: string;
  /** Milliseconds until both ends of a new channel must have been attached. Default 300 000 (protocol.md §8.7). */
  readonly attachTimeoutMs?: number;
}

export interface EngineOptions {
  /** Shown by listings as the version of the engine’s own workers. */
  readonly version?: string;
  readonly limits?: Partial<EngineLimits>;
  /** What several connections that offer one function mean. Default `shared`. */
  readonly replicas?: ReplicaMode;
  readonly channels?: ChannelSettings;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Makes worker ids, tokens and invocation ids; must return UUIDs. */
  readonly randomUuid?: () => string;
}

/** What every part of the engine takes from its surroundings. */
export interface Surroundings {
  readonly version: string;
  readonly limits: EngineLimits;
  readonly replicas: ReplicaMode;
  readonly channels: ChannelSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly randomUuid: () => string;
}

export function surroundings(options: EngineOptions): Surroundings {
  return {
    version: options.version ?? '0.0.0',
    limits: { ...LIMITS, ...options.limits },
    replicas: options.replicas ?? 'shared',
    channels: options.channels ?? {},
    clock: options.clock ?? systemClock,
    log: options.log ?? silentLog,
    randomUuid: options.randomUuid ?? randomUuid,
  };
}
