import { type Static, type TSchema, Type, Value } from 'iii-protocol/schema';
import type { TriggerConfig } from 'iii-sdk/trigger';
import type { Target } from '../caller.js';
import { StreamError } from '../errors.js';

const text = (description: string) =>
  Type.Optional(Type.Union([Type.String(), Type.Null()], { description }));
const condition = text(
  'Called with the same payload first; the function is only called when its result is truthy.',
);
const DRAFT_07 = 'http://json-schema.org/draft-07/schema#';

/** Config of a trigger of type `stream` (spec §2.3). Other members are ignored. */
export const ItemTriggerConfig = Type.Object(
  {
    stream_name: Type.String({ description: 'The stream.' }),
    group_id: text('Only this group. Absent or empty: all groups.'),
    item_id: text('Only this item. Absent or empty: all items.'),
    condition_function_id: condition,
  },
  { $schema: DRAFT_07, title: 'StreamTriggerConfig' },
);

/** Config of a trigger of type `stream:join` or `stream:leave` (§2.4, §2.13.14). */
export const AttendanceTriggerConfig = Type.Union(
  [
    Type.Object({
      stream_name: text('Only this stream. Absent: all streams.'),
      condition_function_id: condition,
    }),
    Type.Null(),
  ],
  { $schema: DRAFT_07, title: 'StreamJoinLeaveTriggerConfig' },
);

/** A function that is called for what happens in streams. */
export interface Binding {
  readonly id: string;
  readonly target: Target;
  readonly condition: Target | undefined;
  /** Undefined: every one. */
  readonly streamName: string | undefined;
  readonly groupId: string | undefined;
  readonly itemId: string | undefined;
}

/** @throws StreamError `trigger_config_invalid` */
export function itemBinding(trigger: TriggerConfig<unknown>): Binding {
  const config = checked(ItemTriggerConfig, trigger);
  return {
    ...targetsOf(trigger, config.condition_function_id),
    streamName: config.stream_name,
    groupId: config.group_id || undefined,
    itemId: config.item_id || undefined,
  };
}

/** @throws StreamError `trigger_config_invalid` */
export function attendanceBinding(trigger: TriggerConfig<unknown>): Binding {
  const config = checked(AttendanceTriggerConfig, trigger) ?? {};
  return {
    ...targetsOf(trigger, config.condition_function_id),
    streamName: config.stream_name || undefined,
    groupId: undefined,
    itemId: undefined,
  };
}

function targetsOf(trigger: TriggerConfig<unknown>, conditionId: string | null | undefined) {
  const { id, function_id: functionId, namespace, metadata } = trigger;
  return {
    id,
    target: { functionId, namespace, metadata },
    condition: conditionId ? { functionId: conditionId, namespace } : undefined,
  };
}

function checked<Schema extends TSchema>(schema: Schema, { config }: TriggerConfig<unknown>): Static<Schema> {
  const given = config ?? null;
  if (Value.Check(schema, given)) return given;
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  if (!isObject) throw invalid(`config is ${JSON.stringify(given)}, expected an object`);
  if (schema.required?.includes('stream_name') && !('stream_name' in given))
    throw invalid('stream_name is missing');
  const wrong = Object.entries(given).find(
    ([name, value]) =>
      ['stream_name', 'group_id', 'item_id', 'condition_function_id'].includes(name) &&
      typeof value !== 'string',
  );
  throw invalid(`${wrong?.[0] ?? 'config'} is ${JSON.stringify(wrong?.[1])}, expected a string`);
}

function invalid(problem: string): StreamError {
  return new StreamError('trigger_config_invalid', problem);
}
