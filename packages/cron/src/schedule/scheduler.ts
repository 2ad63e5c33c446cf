import type { Clock, Log } from 'iii-protocol';
import type { RawCalls } from 'iii-sdk/link';
import { cronError } from '../errors.js';
import type { Remembered, TickLocks } from '../locks/tick-locks.js';
import { type Binding, identityOf } from './binding.js';
import { DueQueue } from './due-queue.js';
import { Interruption } from './interruption.js';
import { Job } from './job.js';
import { Leases } from './leases.js';
import { wholeSeconds } from './rfc3339.js';
import { Runner } from './runner.js';

const DAY_MS = 86_400_000;
/** How soon a step of the clock is noticed. */
const MAX_SLEEP_MS = 1_000;
/** Occurrences that may wait for one schedule that is at work. */
const MAX_QUEUED = 100;

export interface SchedulerOptions {
  readonly calls: RawCalls;
  readonly locks: TickLocks;
  readonly clock: Clock;
  readonly logger: Log;
  /** From 0 to 1, 1 excluded. */
  readonly random: () => number;
  /** Milliseconds an occurrence may be late and still be had. */
  readonly lateMs: number;
  /** Default 1 s. */
  readonly maxSleepMs?: number;
}

/**
 * Has every occurrence of every schedule, once, in order (workers-state-stream-pubsub-cron.md §4.4, §4.9).
 *
 * Each schedule goes on from the last instant it was had for, whatever the clock shows: one that is set back repeats
 * nothing, and one that is set forward has what lies between count as missed. Set back by more than a day it is taken to
 * have been wrong, and schedules start afresh.
 */
export class Scheduler {
  readonly #jobs = new Map<string, Job>();
  readonly #byBinding = new Map<string, Job>();
  readonly #queue: DueQueue<Job>;
  readonly #leases: Leases;
  readonly #runner: Runner;
  #latestNow = Number.NEGATIVE_INFINITY;
  #isStopping = false;

  constructor(private readonly options: SchedulerOptions) {
    const { clock, locks, logger, maxSleepMs = MAX_SLEEP_MS } = options;
    this.#leases = new Leases(locks, clock, logger);
    this.#runner = new Runner({ ...options, leases: this.#leases });
    this.#queue = new DueQueue({ clock, maxSleepMs, woke: (now) => this.#watchClock(now) }, (job, at, now) =>
      this.#due(job, at, now),
    );
  }

  get bindingIds(): readonly string[] {
    return [...this.#byBinding.keys()];
  }

  /** Those that are bound. */
  get jobs(): readonly Job[] {
    return [...this.#jobs.values()].filter((job) => job.size > 0);
  }

  /**
   * Schedules a binding, in place of whatever had its id.
   *
   * @returns undefined when it is scheduled. Where it takes a while to find out what is remembered of it: resolves then,
   *   or is rejected with the reason that cannot be found out; it is not scheduled then.
   */
  put(binding: Binding): Promise<void> | undefined {
    this.remove(binding.id);
    const identity = identityOf(binding);
    const job = this.#jobs.get(identity) ?? this.#open(identity, binding);
    job.bind(binding);
    this.#byBinding.set(binding.id, job);
    // The newest is called, and may mean other times where a key makes them one.
    this.#plan(job);
    return job.opened === undefined ? undefined : this.#putLater(job, binding, job.opened);
  }

  async #putLater(job: Job, binding: Binding, opened: Promise<void>): Promise<void> {
    try {
      await opened;
    } catch (error) {
      if (job.bindingOf(binding.id) === binding) this.remove(binding.id);
      throw error;
    }
  }

  /** Does nothing when there is none. What is at work goes on. */
  remove(bindingId: string): void {
    const job = this.#byBinding.get(bindingId);
    if (job === undefined) return;
    this.#byBinding.delete(bindingId);
    job.release(bindingId);
    if (job.size > 0) {
      this.#plan(job);
      return;
    }
    this.#queue.remove(job);
    job.planned = undefined;
    job.queue.length = 0;
    if (job.running === undefined) this.#jobs.delete(job.identity);
  }

  /** @throws HandlerError with the code JOB_RUNNING */
  runNow(job: Job): void {
    if (job.running !== undefined) {
      throw cronError('JOB_RUNNING', `it runs since ${wholeSeconds(job.running.since)}`);
    }
    this.#start(job, Math.floor(this.options.clock.now() / 1_000) * 1_000, true);
  }

  /** It is had no more until it is resumed, also after a restart. What is at work goes on. */
  async pause(job: Job): Promise<void> {
    await this.options.locks.setPaused(job.identity, true);
    job.isPaused = true;
    job.queue.length = 0;
    this.#queue.remove(job);
    job.planned = undefined;
  }

  /** What lies between counts as had. */
  async resume(job: Job): Promise<void> {
    if (!job.isPaused) return;
    const now = this.options.clock.now();
    await this.options.locks.remember(job.identity, Math.floor(now / 1_000) * 1_000);
    await this.options.locks.setPaused(job.identity, false);
    job.isPaused = false;
    job.last = Math.max(now, job.last ?? now);
    this.#plan(job);
  }

  /** Has nothing more, and waits for what is at work until `signal` is aborted; that ends it. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#isStopping = true;
    this.#queue.close();
    const running = [...this.#jobs.values()].flatMap((job) => job.running ?? []);
    const end = () => {
      for (const { interruption } of running) interruption.abort(new Error('the worker is stopping'));
    };
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    await Promise.all(running.map(({ over }) => over));
    signal.removeEventListener('abort', end);
    this.#leases.close();
  }

  #open(identity: string, binding: Binding): Job {
    const job = new Job(identity);
    const remembered = this.options.locks.recall(identity);
    this.#jobs.set(identity, job);
    if (remembered instanceof Promise) job.opened = this.#goOnLater(job, remembered, binding);
    else this.#goOn(job, remembered, binding);
    return job;
  }

  async #goOnLater(job: Job, remembered: Promise<Remembered>, binding: Binding): Promise<void> {
    this.#goOn(job, await remembered, binding);
    job.opened = undefined;
    if (job.size > 0) this.#plan(job);
  }

  /** Goes on from what is remembered. */
  #goOn(job: Job, { instant, isPaused }: Remembered, { catchUp, functionId }: Binding): void {
    const { clock, logger } = this.options;
    const now = clock.now();
    const isFromTheFuture = instant !== undefined && instant > now + DAY_MS;
    job.isPaused = isPaused;
    job.last = instant === undefined || isFromTheFuture ? now : instant;
    if (isFromTheFuture) {
      const fields = { function_id: functionId, remembered: wholeSeconds(instant) };
      logger.warn(fields, 'a schedule was had for a time that is more than a day ahead: it starts afresh');
    }
    // From now on what is missed is known to be, also when it is the first.
    if (isFromTheFuture || (instant === undefined && catchUp === 'last')) this.#remember(job, now);
  }

  #remember(job: Job, now: number): void {
    const instant = Math.floor(now / 1_000) * 1_000;
    this.options.locks.remember(job.identity, instant, true).catch((error: unknown) => {
      this.options.logger.error({ err: error }, 'it was not written down from when on a schedule is had');
    });
  }

  #plan(job: Job): void {
    const binding = job.acting;
    if (binding === undefined || job.last === undefined || job.isPaused || this.#isStopping) return;
    const instant = binding.timetable.next(job.last);
    if (instant === undefined) {
      job.planned = undefined;
      this.#queue.remove(job);
      this.options.logger.info(fieldsOf(binding), 'a schedule has had its last occurrence');
      return;
    }
    const jitter = Math.floor(this.options.random() * binding.jitterMs);
    const at = Math.max(instant + jitter, job.lastAt);
    job.planned = { instant, at };
    this.#queue.put(job, at);
  }

  #due(job: Job, at: number, now: number): void {
    const { planned, acting } = job;
    if (planned === undefined || acting === undefined) return;
    job.planned = undefined;
    job.lastAt = at;
    if (now - at > this.options.lateMs) {
      this.#missed(job, acting, planned.instant, now);
    } else {
      job.last = planned.instant;
      this.#occur(job, acting, planned.instant);
    }
    this.#plan(job);
  }

  /** Nobody was there in time for at least one occurrence. */
  #missed(job: Job, binding: Binding, first: number, now: number): void {
    const { timetable, catchUp } = binding;
    const latest = timetable.last(first - 1, now - this.options.lateMs) ?? first;
    job.last = latest;
    job.missed++;
    const next = timetable.next(latest);
    // One that is still in time makes up for those before as well.
    const isMadeUpFor = catchUp === 'last' && (next === undefined || next > now);
    const fields = { ...fieldsOf(binding), first: wholeSeconds(first), last: wholeSeconds(latest) };
    this.options.logger.warn(
      fields,
      isMadeUpFor ? 'occurrences were missed: the last is made up for' : 'occurrences were missed',
    );
    if (isMadeUpFor) this.#occur(job, binding, latest);
  }

  #occur(job: Job, binding: Binding, instant: number): void {
    if (job.running === undefined) {
      this.#start(job, instant, false);
      return;
    }
    if (binding.overlap === 'queue' && job.queue.length < MAX_QUEUED) {
      job.queue.push(instant);
      return;
    }
    job.skipped++;
    job.running.skipped++;
    // Told of once for each run, however long it takes.
    if (job.running.skipped > 1) return;
    const fields = { ...fieldsOf(binding), running_since: wholeSeconds(job.running.since) };
    this.options.logger.warn(fields, 'an occurrence is skipped: the one before is still at work');
  }

  #start(job: Job, instant: number, isByHand: boolean): void {
    const binding = job.acting;
    if (binding === undefined) return;
    const interruption = new Interruption();
    const startedAt = this.options.clock.now();
    const over = this.#runner
      .run({ identity: job.identity, binding, instant, isByHand, interruption })
      .then((run) => {
        job.running = undefined;
        const endedAt = this.options.clock.now();
        job.lastRun = { instant, startedAt, endedAt, ...run };
        if (run.outcome === 'failed') job.failed++;
        const next = job.queue.shift();
        if (job.size === 0) this.#jobs.delete(job.identity);
        else if (next !== undefined && !this.#isStopping) this.#start(job, next, false);
      });
    job.running = { instant, since: startedAt, interruption, over, skipped: 0 };
  }

  /** The clock was wrong, and schedules that are ahead of it would stand still for as long as it was. */
  #watchClock(now: number): void {
    const wasAhead = this.#latestNow - now > DAY_MS;
    this.#latestNow = wasAhead ? now : Math.max(this.#latestNow, now);
    if (!wasAhead) return;
    this.options.logger.warn({}, 'the clock was set back by more than a day: schedules start afresh');
    for (const job of this.#jobs.values()) {
      if (job.last === undefined || job.last <= now) continue;
      job.last = now;
      job.lastAt = now;
      this.#remember(job, now);
      this.#plan(job);
    }
  }
}

function fieldsOf({ id, functionId, expression }: Binding): object {
  return { job_id: id, function_id: functionId, expression };
}
