import type { Writable } from 'iii-protocol';
import { type Static, Type, Value } from 'iii-protocol/schema';
import { QueueError } from './errors.js';
import type { JobOverrides } from './job.js';
import type { Dedup } from './store/deduplication.js';

const Ms = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }));

/** What a job may ask for, all of it optional (spec/worker-queue.md §17.3). */
export const JobOptions = Type.Object(
  {
    delay_ms: Ms('Milliseconds before it may start.'),
    run_at: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0 }), Type.String()], {
        description: 'When it may start: milliseconds since the epoch, or ISO 8601.',
      }),
    ),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 255, description: 'Higher goes first.' })),
    dedup_key: Type.Optional(Type.String({ minLength: 1, description: 'Jobs of one key are one job.' })),
    dedup_window_ms: Type.Optional(Type.Integer({ minimum: 1, description: 'Default: 300000.' })),
    on_duplicate: Type.Optional(
      Type.Union([Type.Literal('return_existing'), Type.Literal('reject'), Type.Literal('replace')]),
    ),
    group: Type.Optional(Type.String({ minLength: 1, description: 'Instead of message_group_field.' })),
    max_retries: Type.Optional(Type.Integer({ minimum: 0 })),
    backoff_ms: Ms('Milliseconds before the first retry.'),
    max_backoff_ms: Ms('Longest pause before a retry.'),
    jitter: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    timeout_ms: Type.Optional(Type.Integer({ minimum: 1 })),
    ttl_ms: Type.Optional(Type.Integer({ minimum: 1, description: 'Milliseconds to be started within.' })),
    on_failure: Type.Optional(Type.String({ minLength: 1, description: 'Is handed the dead letter.' })),
  },
  { additionalProperties: false },
);
export type JobOptions = Static<typeof JobOptions>;

const DEFAULT_DEDUP_WINDOW_MS = 300_000;
/** Latest time a date can stand for. */
const LATEST_MS = 8_640_000_000_000_000;

/** @throws QueueError invalid_job, naming the option. */
export function readOptions(value: unknown): JobOptions {
  if (value === undefined || value === null) return {};
  if (Value.Check(JobOptions, value)) return value;
  const [first] = Value.Errors(JobOptions, value);
  const where = first?.path.slice(1) || 'options';
  throw new QueueError(
    'invalid_job',
    `the option ${where}: ${first?.message ?? 'is not known'}, not ${JSON.stringify(first?.value) ?? 'undefined'}`,
  );
}

/** When the job may start; undefined is now. @throws QueueError */
export function dueOf({ delay_ms, run_at }: JobOptions, nowMs: number): number | undefined {
  if (delay_ms !== undefined && run_at !== undefined) {
    throw new QueueError('invalid_job', 'delay_ms and run_at are both given: one of them says when');
  }
  const due =
    delay_ms !== undefined ? nowMs + delay_ms : typeof run_at === 'string' ? Date.parse(run_at) : run_at;
  if (due === undefined) return undefined;
  if (Number.isNaN(due)) throw new QueueError('invalid_job', `run_at "${run_at}" is not an ISO 8601 time`);
  if (due > LATEST_MS) throw new QueueError('invalid_job', `${due} is later than any time there is`);
  return due;
}

export function dedupOf(options: JobOptions): Dedup | undefined {
  const { dedup_key: key, dedup_window_ms: windowMs = DEFAULT_DEDUP_WINDOW_MS, on_duplicate } = options;
  if (key === undefined) return undefined;
  return { key, windowMs, onDuplicate: on_duplicate ?? 'return_existing' };
}

const OVERRIDES = [
  'max_retries',
  'backoff_ms',
  'max_backoff_ms',
  'jitter',
  'timeout_ms',
  'on_failure',
] as const;

export function overridesOf(options: JobOptions): JobOverrides | undefined {
  let overrides: Writable<JobOverrides> | undefined;
  for (const name of OVERRIDES) {
    const value = options[name];
    if (value !== undefined) overrides = { ...overrides, [name]: value };
  }
  return overrides;
}
