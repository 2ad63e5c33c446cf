import { DEFAULT_NAMESPACE } from 'iii-protocol';
import { type Static, Type } from 'iii-protocol/schema';
import type { TriggerConfig } from 'iii-sdk/trigger';
import { ConfigError, formatPath, readConfig } from 'iii-worker';
import { cronError } from '../errors.js';
import { parseExpression } from '../expression/expression.js';
import type { DayNumbering } from '../expression/fields.js';
import type { Timetables } from '../time/timetables.js';
import type { Binding } from './binding.js';

/** The longest a timer can be. */
export const LONGEST_TIMEOUT_MS = 2_147_483_647;
const HOUR_MS = 3_600_000;

/** What a trigger may say besides `expression` and `condition_function_id`; other members are ignored. */
export const TriggerOptions = Type.Object({
  timezone: Type.String({ default: 'UTC', minLength: 1, maxLength: 64 }),
  catch_up: Type.Union([Type.Literal('none'), Type.Literal('last')], { default: 'none' }),
  overlap: Type.Union([Type.Literal('skip'), Type.Literal('queue')], { default: 'skip' }),
  timeout_ms: Type.Optional(Type.Integer({ minimum: 1, maximum: LONGEST_TIMEOUT_MS })),
  jitter_ms: Type.Integer({ minimum: 0, maximum: HOUR_MS, default: 0 }),
  key: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
});

export interface ReadingDefaults {
  readonly numbering: DayNumbering;
  readonly timeoutMs: number;
  readonly timetables: Timetables;
  readonly now: number;
}

/** @throws HandlerError, whose message its originator is told. */
export function readTrigger(trigger: TriggerConfig<unknown>, defaults: ReadingDefaults): Binding {
  const config = membersOf(trigger.config);
  const { expression: written, condition_function_id: condition } = config;
  if (typeof written !== 'string' || written.trim() === '') {
    throw cronError(
      'expression_required',
      `the expression is ${JSON.stringify(written ?? undefined) ?? 'missing'}`,
    );
  }
  const options = readOptions(config);
  const expression = parseExpression(written, defaults.numbering);
  const timetable = defaults.timetables.of(expression, options.timezone);
  if (timetable.next(defaults.now) === undefined) {
    throw cronError('never_fires', `expression ${JSON.stringify(written)}`);
  }
  return {
    id: trigger.id,
    functionId: trigger.function_id,
    namespace: trigger.namespace ?? DEFAULT_NAMESPACE,
    metadata: trigger.metadata,
    conditionFunctionId: typeof condition === 'string' && condition !== '' ? condition : undefined,
    expression: written,
    canonical: expression.canonical,
    numbering: expression.numbering,
    timetable,
    catchUp: options.catch_up,
    overlap: options.overlap,
    timeoutMs: options.timeout_ms ?? defaults.timeoutMs,
    jitterMs: options.jitter_ms,
    key: options.key,
  };
}

const OPTION_NAMES = Object.keys(TriggerOptions.properties);
const DEFAULT_OPTIONS = readConfig('the trigger', TriggerOptions, {});

/** Members that are null count as absent. */
function readOptions(config: Members): Static<typeof TriggerOptions> {
  const names = OPTION_NAMES.filter((name) => Object.hasOwn(config, name) && config[name] !== null);
  if (names.length === 0) return DEFAULT_OPTIONS;
  const given = Object.fromEntries(names.map((name) => [name, config[name]]));
  try {
    return readConfig('the trigger', TriggerOptions, given);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.map(({ path, message }) => `${formatPath(path)}: ${message}`);
    throw cronError('invalid_option', problems.join('; '));
  }
}

type Members = Readonly<Record<string, unknown>>;

const NO_MEMBERS: Members = {};

function membersOf(config: unknown): Members {
  return typeof config === 'object' && config !== null ? (config as Members) : NO_MEMBERS;
}
