import type { Job } from '../schedule/job.js';
import { wholeSeconds, withMilliseconds } from '../schedule/rfc3339.js';

/** Occurrences that are listed of each schedule. */
const LISTED_OCCURRENCES = 5;

/** A schedule as `cron::list` tells of it. */
export function rowOf(job: Job, now: number): object | undefined {
  const binding = job.acting;
  if (binding === undefined) return undefined;
  const { running, lastRun } = job;
  return {
    job_id: binding.id,
    function_id: binding.functionId,
    namespace: binding.namespace,
    expression: binding.expression,
    timezone: binding.timetable.zone.name,
    state: stateOf(job),
    next: nextOccurrences(job, now),
    running_since: running === undefined ? null : withMilliseconds(running.since),
    last_run:
      lastRun === undefined
        ? null
        : {
            scheduled_time: wholeSeconds(lastRun.instant),
            started_at: withMilliseconds(lastRun.startedAt),
            ended_at: withMilliseconds(lastRun.endedAt),
            outcome: lastRun.outcome,
            ...(lastRun.error === undefined ? {} : { error: lastRun.error }),
          },
    triggers: job.size,
    catch_up: binding.catchUp,
    overlap: binding.overlap,
    timeout_ms: binding.timeoutMs,
    jitter_ms: binding.jitterMs,
    queued: job.queue.length,
    skipped: job.skipped,
    missed: job.missed,
    failed: job.failed,
  };
}

function stateOf({ running, isPaused, planned }: Job): string {
  if (running !== undefined) return 'running';
  if (isPaused) return 'paused';
  return planned === undefined ? 'over' : 'waiting';
}

/** Without the jitter, which is drawn for each when its time has come. */
function nextOccurrences({ acting, last, isPaused }: Job, now: number): string[] {
  const occurrences: string[] = [];
  let after = isPaused ? now : Math.max(last ?? now, now - 1);
  while (occurrences.length < LISTED_OCCURRENCES) {
    const next = acting?.timetable.next(after);
    if (next === undefined) break;
    occurrences.push(wholeSeconds(next));
    after = next;
  }
  return occurrences;
}
