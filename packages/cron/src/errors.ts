import { HandlerError } from 'iii-sdk';

interface ErrorEntry {
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly hint: string;
  /** Whether the same call or registration can succeed later without a change. */
  readonly retryable: boolean;
}

/** Every error of this package. Those in small letters refuse a trigger; the others answer the functions `cron::…`. */
export const cronErrors = {
  expression_required: {
    meaning: 'a trigger of type cron does not say when',
    hint: 'expression is required: set it in the config, for instance "0 30 9 * * MON-FRI"',
    retryable: false,
  },
  invalid_expression: {
    meaning: 'the expression of a trigger is not one of this dialect',
    hint: 'fields are: second minute hour day-of-month month day-of-week [year]',
    retryable: false,
  },
  never_fires: {
    meaning: 'no time that is still to come matches the expression of a trigger',
    hint: 'check day and month together, and the year',
    retryable: false,
  },
  invalid_timezone: {
    meaning: 'the time zone of a trigger is not known here',
    hint: 'use a name of the IANA database, for instance "Europe/Berlin", or leave it out for UTC',
    retryable: false,
  },
  invalid_option: {
    meaning: 'an option of a trigger has a value it cannot have',
    hint: 'see the trigger type cron in engine::triggers::info',
    retryable: false,
  },
  INVALID_INPUT: {
    meaning: 'a function was called with something it cannot read',
    hint: 'engine::functions::info has its whole schema',
    retryable: false,
  },
  JOB_NOT_FOUND: {
    meaning: 'no schedule has this id',
    hint: 'cron::list lists what there is; the id of a schedule is that of its trigger, or its function where that is the only one',
    retryable: true,
  },
  JOB_AMBIGUOUS: {
    meaning: 'several schedules call this function',
    hint: 'name one by its job_id',
    retryable: false,
  },
  JOB_RUNNING: {
    meaning: 'the schedule is at work, and one run at a time is all it may have',
    hint: 'wait until it is done; cron::list says since when it runs',
    retryable: true,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type CronErrorCode = keyof typeof cronErrors;

/** An error of this package, as others see it. `detail` says what happened to which value. */
export function cronError(code: CronErrorCode, detail: string): HandlerError {
  return new HandlerError(code, `${detail}: ${cronErrors[code].hint}`);
}
