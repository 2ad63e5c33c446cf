import type { RegisterFunctionFormat } from 'iii-sdk/protocol';
import { TriggerOptions } from './schedule/read-trigger.js';

const DRAFT_07 = 'http://json-schema.org/draft-07/schema#';
const { timezone, catch_up, overlap, timeout_ms, jitter_ms, key } = TriggerOptions.properties;

/** Schema of the config of a `cron` trigger (workers-state-stream-pubsub-cron.md §4.1, §4.9). Others are ignored. */
export const CRON_TRIGGER_CONFIG: RegisterFunctionFormat = {
  $schema: DRAFT_07,
  title: 'CronTriggerConfig',
  type: 'object',
  required: ['expression'],
  properties: {
    expression: {
      type: 'string',
      minLength: 1,
      maxLength: 1024,
      description:
        'second minute hour day-of-month month day-of-week [year], or @yearly, @monthly, @weekly, @daily, @hourly.',
    },
    condition_function_id: {
      type: ['string', 'null'],
      description: 'Called with the same payload; the function is only called when its result is truthy.',
    },
    timezone: { ...timezone, description: 'IANA name of the time zone the expression is meant in.' },
    catch_up: {
      ...catch_up,
      description: 'Whether the last of the occurrences that were missed is made up for.',
    },
    overlap: {
      ...overlap,
      description: 'What happens to an occurrence that comes while the one before is at work.',
    },
    timeout_ms: {
      ...timeout_ms,
      description: 'Milliseconds the function may take until it is told to stop.',
    },
    jitter_ms: {
      ...jitter_ms,
      description: 'Each call is delayed by a random time of up to so many milliseconds.',
    },
    key: {
      ...key,
      description: 'Triggers of one namespace with the same key are one schedule, whatever else they say.',
    },
  },
};

/** Schema of what handlers are called with (§4.3). */
export const CRON_CALL_REQUEST: RegisterFunctionFormat = {
  $schema: DRAFT_07,
  title: 'CronCallRequest',
  type: 'object',
  required: ['trigger', 'job_id', 'scheduled_time', 'actual_time'],
  properties: {
    trigger: { const: 'cron' },
    job_id: { type: 'string', description: 'Id of the trigger.' },
    scheduled_time: { type: 'string', format: 'date-time', description: 'When it was due.' },
    actual_time: { type: 'string', format: 'date-time', description: 'When it was begun.' },
    run_now: { const: true, description: 'There when it was asked for by cron::run_now.' },
  },
};
