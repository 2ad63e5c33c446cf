import { DEFAULT_NAMESPACE } from 'iii-protocol';
import { type Static, Type, Value } from 'iii-protocol/schema';
import type { TriggerConfig } from 'iii-sdk/trigger';
import { StateTriggerError } from '../errors.js';

const optionalText = (description: string) =>
  Type.Optional(Type.Union([Type.String(), Type.Null()], { description }));

/** Schema of the config of a `state` trigger (§1.6). Other members are allowed, and ignored. */
export const StateTriggerConfig = Type.Object(
  {
    scope: optionalText('Only this scope; every scope when left out. "" is the scope of that name.'),
    key: optionalText('Only this key; every key when left out.'),
    condition_function_id: optionalText(
      'Called with the event; the handler is only called when its result is truthy.',
    ),
  },
  { $schema: 'http://json-schema.org/draft-07/schema#', title: 'StateTriggerConfig' },
);

/** A function that wants to know what happens to some addresses. */
export interface Binding {
  readonly id: string;
  readonly functionId: string;
  readonly namespace: string;
  readonly scope: string | undefined;
  readonly key: string | undefined;
  readonly condition: string | undefined;
  readonly metadata: Record<string, unknown> | undefined;
}

/** @throws StateTriggerError when its config cannot be read. */
export function parseBinding(trigger: TriggerConfig<unknown>): Binding {
  const { scope, key, condition_function_id: condition } = checkedConfig(trigger.config);
  return {
    id: trigger.id,
    functionId: trigger.function_id,
    namespace: trigger.namespace ?? DEFAULT_NAMESPACE,
    scope: scope ?? undefined,
    key: key ?? undefined,
    condition: condition ?? undefined,
    metadata: trigger.metadata,
  };
}

function checkedConfig(config: unknown): Static<typeof StateTriggerConfig> {
  if (Value.Check(StateTriggerConfig, config)) return config;
  const problem = Value.Errors(StateTriggerConfig, config).First();
  const field = problem?.path.slice(1);
  const shown = JSON.stringify(problem?.value ?? null).slice(0, 60);
  throw new StateTriggerError(
    field === undefined || field === ''
      ? `the config of a state trigger is an object, not ${shown}`
      : `${field} of a state trigger is a string, not ${shown}`,
  );
}
