import { EXPIRED, FUNCTION_MISSING } from '../errors.js';
import type { Emit } from '../events.js';
import { type Entry, type Job, type JobState, withFailure } from '../job.js';
import { backoffAfter } from './backoff.js';
import type { Lane } from './lane.js';
import type { Outcome } from './outcome.js';
import type { LineSettings } from './settings.js';
import type { Surroundings } from './surroundings.js';
import { untilWritten } from './until-written.js';

/** A job that was tried, with what had become of it before. */
export interface Attempt {
  readonly lane: Lane;
  readonly job: Job;
  readonly entry: Entry;
  readonly state: JobState;
}

/** What may be asked of the line a job belongs to. */
export interface LaneControl {
  blockFor(lane: Lane, ms: number): void;
  wakeAfter(ms: number, wake: () => void): void;
  unblock(laneKey: string): void;
}

/** Pause before a job is tried again that could not be tried at all. */
const DEFERRED_MS = 250;

/** What follows from how an attempt ended (spec/worker-queue.md §7, §8). */
export class Settlement {
  constructor(
    private readonly env: Surroundings,
    /** Of the queue, for people and events. */
    private readonly name: string,
    private readonly lanes: LaneControl,
  ) {}

  /** Writes down how an attempt ended. @throws StorageError when the store has been closed. */
  settle(attempt: Attempt, settings: LineSettings, outcome: Outcome): Promise<void> {
    return outcome.kind === 'done' ? this.#done(attempt) : this.#settle(attempt, settings, outcome);
  }

  async #done(attempt: Attempt): Promise<void> {
    await this.#write(() => this.env.jobs.finish(attempt.entry, attempt.job));
    this.completed(attempt);
  }

  /** It is written down that a job is done. */
  completed({ job, state }: Attempt): void {
    this.#emit('completed', job, state.failed + 1);
  }

  async #settle(
    attempt: Attempt,
    settings: LineSettings,
    outcome: Exclude<Outcome, { readonly kind: 'done' }>,
  ): Promise<void> {
    const { lane, job, entry, state } = attempt;
    const { jobs } = this.env;
    const write = (step: () => Promise<unknown>) => this.#write(step);
    const { started, failed } = state;
    switch (outcome.kind) {
      case 'cancelled':
        await write(() => jobs.remove(job.receipt));
        this.#emit('cancelled', job, failed + 1);
        return;
      case 'released':
        await write(() => jobs.update(entry, state));
        return;
      case 'deferred':
        await write(() => jobs.update(entry, state));
        this.lanes.blockFor(lane, DEFERRED_MS);
        return;
      case 'missing':
        await this.#hold(attempt, settings, outcome.functionId);
        return;
      case 'exhausted':
        await this.#bury(attempt, settings, state);
        return;
      case 'interrupted': {
        const next = { ...state, started: started + 1, interrupted: state.interrupted + 1 };
        if (next.interrupted <= settings.maxDisconnects) {
          await write(() => jobs.update(entry, next));
          return;
        }
        await this.#fail({ ...attempt, state: { ...state, started: started + 1 } }, settings, outcome);
        return;
      }
      case 'failed':
        await this.#fail(
          { ...attempt, state: { ...state, started: started + (outcome.code === EXPIRED ? 0 : 1) } },
          settings,
          outcome,
        );
    }
  }

  /** Its function is not there: it waits, without a place and without having been tried (§8.4). */
  async #hold(attempt: Attempt, settings: LineSettings, functionId: string): Promise<void> {
    const { lane, job, entry, state } = attempt;
    const now = this.env.clock.now();
    const missingSinceMs = state.missingSinceMs ?? now;
    const { missingTtlMs } = settings;
    if (missingTtlMs !== undefined && now - missingSinceMs >= missingTtlMs) {
      const message = `nobody has offered ${functionId} for ${now - missingSinceMs} ms`;
      const failure = { attempt: 0, code: FUNCTION_MISSING, message, at_ms: now };
      await this.#bury(attempt, settings, withFailure(state, failure));
      return;
    }
    lane.blocked = 'missing';
    lane.ready = undefined;
    const wake = () => {
      if (lane.blocked === 'missing') this.lanes.unblock(lane.key);
    };
    this.env.missing.add(job.namespace, functionId, wake);
    if (missingTtlMs !== undefined) this.lanes.wakeAfter(missingSinceMs + missingTtlMs - now, wake);
    await this.#write(() => this.env.jobs.update(entry, { ...state, missingSinceMs }));
  }

  async #fail(
    attempted: Attempt,
    settings: LineSettings,
    { code, message }: { readonly code: string; readonly message: string },
  ): Promise<void> {
    const { job, entry, state } = attempted;
    const now = this.env.clock.now();
    const { missingSinceMs: _, ...tried } = state;
    const attempt = state.failed + 1;
    const next = withFailure(tried, { attempt, code, message, at_ms: now });
    const { max_retries: retries = settings.maxRetries, ...own } = job.overrides ?? {};
    if (code === EXPIRED || next.failed > retries) {
      await this.#bury(attempted, settings, next);
      return;
    }
    const backoff = {
      backoffMs: own.backoff_ms ?? settings.backoffMs,
      maxBackoffMs: own.max_backoff_ms ?? settings.maxBackoffMs,
      jitter: own.jitter ?? settings.jitter,
    };
    const dueMs = now + backoffAfter(next.failed, backoff, this.env.random());
    const { isFifo } = settings;
    await this.#write(() =>
      isFifo
        ? this.env.jobs.retry(entry, job, { ...next, notBeforeMs: dueMs }, undefined)
        : this.env.jobs.retry(entry, job, next, dueMs),
    );
    // In place: the group waits for it. Elsewhere others go on meanwhile.
    if (!isFifo) this.env.delayed(dueMs);
    this.#emit('retried', job, attempt, { code, message });
  }

  async #bury({ job, entry }: Attempt, settings: LineSettings, state: JobState): Promise<void> {
    const { deadMax, deadTtlMs } = settings;
    const retention = { maxMessages: deadMax, ttlMs: deadTtlMs };
    const place = { at: 'waiting', order: entry.order } as const;
    const { deadLetters } = this.env.jobs;
    await this.#write(() => deadLetters.bury(job, place, state, this.env.clock.now(), retention));
    const { attempt = 0, code = '', message = '' } = state.errors.at(-1) ?? {};
    this.#emit('dead_lettered', job, attempt, { code, message });
    this.env.buried(this.name, job, state);
  }

  #write(step: () => Promise<unknown>): Promise<unknown> {
    return untilWritten(step, this.env, this.name);
  }

  #emit(
    event: Parameters<Emit>[0]['event'],
    job: Job,
    attempt: number,
    error?: { readonly code: string; readonly message: string },
  ): void {
    this.env.emit({
      event,
      queue: this.name,
      message_id: job.receipt,
      function_id: job.functionId,
      attempt,
      ...(error === undefined ? {} : { error }),
    });
  }
}
