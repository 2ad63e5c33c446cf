import type { Clock } from 'iii-protocol';
import { type Static, type TObject, Type } from 'iii-protocol/schema';
import type { IIIClient } from 'iii-sdk';
import { ConfigError, formatPath, readConfig } from 'iii-worker';
import { cronError } from '../errors.js';
import type { Job } from '../schedule/job.js';
import type { Scheduler } from '../schedule/scheduler.js';
import { rowOf } from './rows.js';

const ListInput = Type.Object({
  function_id: Type.Optional(Type.String({ description: 'Only schedules that call this function.' })),
  limit: Type.Integer({ minimum: 1, maximum: 10_000, default: 1_000, description: 'Schedules to list.' }),
});

const JobInput = Type.Object({
  job_id: Type.String({
    minLength: 1,
    description:
      'Id of the schedule, which is that of its trigger; or its function, where that is the only one.',
  }),
});

/**
 * Offers `cron::list`, `cron::run_now`, `cron::pause` and `cron::resume`.
 *
 * @returns withdraws them.
 */
export function offerFunctions(iii: IIIClient, scheduler: Scheduler, clock: Clock): () => void {
  const offered = [
    offer(iii, 'cron::list', ListInput, 'Lists schedules with their next five occurrences.', (input) => {
      const jobs = scheduler.jobs.filter(
        ({ acting }) => input.function_id === undefined || acting?.functionId === input.function_id,
      );
      const now = clock.now();
      return { jobs: jobs.slice(0, input.limit).map((job) => rowOf(job, now)), total: jobs.length };
    }),
    offer(iii, 'cron::run_now', JobInput, 'Has a schedule at once, besides its times.', ({ job_id }) => {
      const job = findJob(scheduler, job_id);
      scheduler.runNow(job);
      return { job_id: idOf(job), started: true };
    }),
    offer(iii, 'cron::pause', JobInput, 'Has a schedule no more until it is resumed.', async ({ job_id }) => {
      const job = findJob(scheduler, job_id);
      await scheduler.pause(job);
      return rowOf(job, clock.now());
    }),
    offer(iii, 'cron::resume', JobInput, 'Has a schedule again from now on.', async ({ job_id }) => {
      const job = findJob(scheduler, job_id);
      await scheduler.resume(job);
      return rowOf(job, clock.now());
    }),
  ];
  return () => {
    for (const { unregister } of offered) unregister();
  };
}

function offer<Schema extends TObject>(
  iii: IIIClient,
  id: string,
  schema: Schema,
  description: string,
  answer: (input: Static<Schema>) => unknown,
) {
  return iii.registerFunction(id, (given: unknown) => answer(readInput(id, schema, given)), {
    description,
    request_format: { ...schema, required: schema.required ?? [] },
  });
}

function readInput<Schema extends TObject>(id: string, schema: Schema, given: unknown): Static<Schema> {
  try {
    return readConfig(id, schema, given);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.map(({ path, message }) => `${formatPath(path) || 'input'}: ${message}`);
    throw cronError('INVALID_INPUT', `${id}: ${problems.join('; ')}`);
  }
}

/** By the id of a trigger, or by a function that only one schedule calls. */
function findJob(scheduler: Scheduler, jobId: string): Job {
  const { jobs } = scheduler;
  const named = jobs.find((job) => job.bindingOf(jobId) !== undefined);
  if (named !== undefined) return named;
  const [calling, ...others] = jobs.filter(({ acting }) => acting?.functionId === jobId);
  if (calling === undefined)
    throw cronError('JOB_NOT_FOUND', `there is no schedule ${JSON.stringify(jobId)}`);
  if (others.length === 0) return calling;
  const ids = [calling, ...others].slice(0, 10).map(idOf).join(', ');
  throw cronError('JOB_AMBIGUOUS', `${jobId} is called by ${others.length + 1} schedules (${ids})`);
}

function idOf(job: Job): string {
  return job.acting?.id ?? job.identity;
}
