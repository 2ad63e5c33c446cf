import { isDeepStrictEqual } from 'node:util';
import type { EngineOptions } from 'iii-engine';
import type { RootConfig } from './config/schema.js';

/** The settings of a configuration in the terms of the engine. */
export function engineOptions(
  root: RootConfig,
): Required<Pick<EngineOptions, 'limits' | 'replicas' | 'channels'>> {
  const { limits, channel } = root;
  return {
    replicas: root.routing.replicas,
    channels: {
      ...(channel.spool_limit === undefined ? {} : { spoolLimitBytes: channel.spool_limit }),
      ...(channel.spool_directory === undefined ? {} : { spoolDirectory: channel.spool_directory }),
      ...(channel.attach_timeout_ms === undefined ? {} : { attachTimeoutMs: channel.attach_timeout_ms }),
    },
    limits: {
      registrationGraceMs: root.registration_namespace_grace_ms,
      livenessMs: root.liveness_ms,
      maxMessageBytes: limits.max_message_bytes,
      maxOutboxBytes: limits.max_outbox_bytes,
      maxTotalOutboxBytes: limits.max_total_outbox_bytes,
      maxInFlight: limits.max_in_flight,
      maxFunctionsPerConnection: limits.max_functions_per_connection,
      maxTriggerTypesPerConnection: limits.max_trigger_types_per_connection,
      maxBindingsPerConnection: limits.max_bindings_per_connection,
      maxUnannouncedFramesPerSecond: limits.max_unannounced_frames_per_second,
    },
  };
}

/** Settings that are compared on their own, or that a running engine takes. */
const APPLIED = new Set(['workers', 'modules', 'health', 'shutdown_grace_ms']);

/** The names of settings that differ and that only a new engine can take, as in `limits.max_in_flight`. */
export function fixedSettingsThatDiffer(a: RootConfig, b: RootConfig): string[] {
  const [left, right] = [fixedSettings(a), fixedSettings(b)];
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names].filter((name) => !isDeepStrictEqual(left.get(name), right.get(name)));
}

function fixedSettings(root: RootConfig): Map<string, unknown> {
  const members = Object.entries(root).filter(([name]) => !APPLIED.has(name));
  return new Map(
    members.flatMap(
      ([name, value]): Array<[string, unknown]> =>
        typeof value === 'object'
          ? Object.entries(value).map(([inner, setting]) => [`${name}.${inner}`, setting])
          : [[name, value]],
    ),
  );
}
