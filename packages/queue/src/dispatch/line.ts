import { SlotMap, type Timer } from 'iii-protocol';
import { EXPIRED } from '../errors.js';
import type { Entry, Job, JobState } from '../job.js';
import { Lane, ReadyLanes } from './lane.js';
import type { Outcome } from './outcome.js';
import { RateLimiter } from './rate-limiter.js';
import { recovered } from './recovered.js';
import type { LineSettings } from './settings.js';
import { type Attempt, Settlement } from './settlement.js';
import { StopSignal } from './stop-signal.js';
import type { Surroundings } from './surroundings.js';

/** A job at work. */
export interface ActiveJob {
  readonly entry: Entry;
  readonly job: Job;
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly stop: StopSignal;
  progress?: { readonly percent?: number; readonly note?: string };
}

/** Jobs that are done and not written down as such yet; beyond them none is started. */
const MAX_SETTLING = 1_000;

/**
 * One queue at work: takes the jobs of its lanes in order, as many as may run, and sees each through to its end. It
 * wakes when jobs arrive, end, fall due, when functions appear and settings change; it never polls.
 */
export class Line {
  readonly #lanes = new Map<string, Lane>();
  readonly #ready = new ReadyLanes();
  /** Jobs that are at work, or whose end is being written. */
  readonly #taken = new Set<number>();
  readonly active = new SlotMap<number, ActiveJob>();
  readonly #perKey = new Map<string, number>();
  readonly #parked = new Map<string, Set<Lane>>();
  #limiter: RateLimiter | undefined;
  #limiterTimer: Timer | undefined;
  readonly #timers = new Set<Timer>();
  readonly #settlement: Settlement;
  #running = 0;
  #settling = 0;
  #state: 'running' | 'draining' | 'stopped' = 'running';
  #idle: Array<() => void> = [];

  constructor(
    readonly queue: number,
    /** For people and events. */
    readonly name: string,
    private settings: LineSettings,
    private readonly env: Surroundings,
  ) {
    this.#settlement = new Settlement(env, name, {
      blockFor: (lane, ms) => this.#blockFor(lane, ms),
      wakeAfter: (ms, wake) => this.#after(ms, wake),
      unblock: (key) => this.unblock(key),
    });
    this.#limit();
  }

  /** Goes to work on what is stored. */
  open(): void {
    for (const key of this.env.jobs.lanes(this.queue)) this.#refresh(this.#lane(key, false));
    this.#pump();
  }

  configure(settings: LineSettings): void {
    const before = this.settings;
    this.settings = settings;
    if (JSON.stringify(before.rateLimit) !== JSON.stringify(settings.rateLimit)) this.#limit();
    for (const lane of this.#lanes.values()) this.#refresh(lane);
    this.#pump();
  }

  isTaken = (seq: number): boolean => this.#taken.has(seq);

  get inFlight(): number {
    return this.active.size;
  }

  get isOpen(): boolean {
    return this.settings.isOpen;
  }

  get concurrency(): number {
    return this.settings.concurrency;
  }

  /** A waiting job is there that has not been before. */
  arrived(entry: Entry): void {
    // One commit shows many jobs at once: this one may have been found, and started, before its turn to be announced.
    if (this.isTaken(entry.seq)) return;
    const lane = this.#lane(entry.lane, true);
    lane.add(entry);
    this.#refresh(lane);
    this.#pump();
  }

  /** A lane is to be looked at again: what blocked it may be over. */
  unblock(laneKey: string): void {
    const lane = this.#lanes.get(laneKey);
    if (lane === undefined) return;
    lane.blocked = undefined;
    lane.reread();
    this.#refresh(lane);
    this.#pump();
  }

  /** Jobs have been removed: what was read of them may be gone. */
  reread(): void {
    for (const lane of this.#lanes.values()) {
      lane.reread();
      this.#refresh(lane);
    }
    this.#pump();
  }

  /** Stops starting jobs, and resolves when those at work are done, after `graceMs` at the latest (§8.7). */
  async stop(graceMs: number, signal: AbortSignal): Promise<void> {
    this.#state = 'draining';
    this.env.clock.clearTimeout(this.#limiterTimer);
    for (const timer of this.#timers) this.env.clock.clearTimeout(timer);
    this.#timers.clear();
    const release = () => {
      this.#state = 'stopped';
      for (const { stop } of this.active.values()) stop.abort('released');
    };
    const timer = this.env.clock.setTimeout(release, graceMs);
    if (signal.aborted) release();
    signal.addEventListener('abort', release);
    if (this.#taken.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    signal.removeEventListener('abort', release);
    this.env.clock.clearTimeout(timer);
    this.#state = 'stopped';
  }

  /** @param isEmpty whether one that is not known has no jobs, but those that are still to be announced. */
  #lane(key: string, isEmpty: boolean): Lane {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = new Lane(key, isEmpty);
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  #limit(): void {
    const { rateLimit } = this.settings;
    this.#limiter = rateLimit && new RateLimiter(rateLimit.max, rateLimit.per_ms);
  }

  /** Finds the next job of a lane, where one may be started. */
  #refresh(lane: Lane): void {
    if (this.#state !== 'running' || lane.ready !== undefined || lane.blocked !== undefined) return;
    if (this.settings.isFifo && lane.active > 0) return;
    const entry = lane.next((after, limit) =>
      this.env.jobs.heads(this.queue, lane.key, after, this.isTaken, limit),
    );
    if (entry === undefined) {
      if (lane.unsettled === 0) this.#lanes.delete(lane.key);
      return;
    }
    const { notBeforeMs } = entry.state;
    const wait = notBeforeMs === undefined ? 0 : notBeforeMs - this.env.clock.now();
    if (wait > 0) this.#blockFor(lane, wait);
    else this.#ready.push(lane, entry);
  }

  #blockFor(lane: Lane, ms: number): void {
    lane.blocked = 'early';
    this.#after(Math.min(ms, LONGEST_TIMER_MS), () => {
      if (lane.blocked === 'early') this.unblock(lane.key);
    });
  }

  #after(ms: number, work: () => void): void {
    const timer = this.env.clock.setTimeout(() => {
      this.#timers.delete(timer);
      if (this.#state === 'running') work();
    }, ms);
    this.#timers.add(timer);
  }

  #pump(): void {
    while (this.#mayStart()) {
      const next = this.#ready.pop();
      if (next === undefined) return;
      if (!this.#hasKey(next.lane)) continue;
      this.#start(next.lane, next.entry);
    }
  }

  #mayStart(): boolean {
    const { isOpen, concurrency } = this.settings;
    if (this.#state !== 'running' || !isOpen) return false;
    if (this.#running >= concurrency || this.#settling >= MAX_SETTLING) return false;
    const wait = this.#limiter?.waitMs(this.env.clock.monotonic()) ?? 0;
    if (wait === 0) return true;
    this.#limiterTimer ??= this.env.clock.setTimeout(() => {
      this.#limiterTimer = undefined;
      this.#pump();
    }, wait);
    return false;
  }

  /** Whether its concurrency key has a place; a lane that has none waits for one. */
  #hasKey(lane: Lane): boolean {
    const { concurrencyKey } = lane;
    if (concurrencyKey === undefined) return true;
    if ((this.#perKey.get(concurrencyKey) ?? 0) < this.settings.perKey) return true;
    const parked = this.#parked.get(concurrencyKey) ?? new Set();
    this.#parked.set(concurrencyKey, parked.add(lane));
    return false;
  }

  #start(lane: Lane, entry: Entry): void {
    lane.take();
    lane.active++;
    lane.unsettled++;
    this.#running++;
    this.#taken.add(entry.seq);
    const { concurrencyKey: key } = lane;
    if (key !== undefined) this.#perKey.set(key, (this.#perKey.get(key) ?? 0) + 1);
    this.#limiter?.count(this.env.clock.monotonic());
    this.#see(lane, entry);
    this.#refresh(lane);
  }

  /** Gives the place of a job to the next one. */
  #free(lane: Lane): void {
    lane.active--;
    this.#running--;
    const { concurrencyKey: key } = lane;
    if (key === undefined) return;
    const left = (this.#perKey.get(key) ?? 1) - 1;
    if (left === 0) this.#perKey.delete(key);
    else this.#perKey.set(key, left);
    const parked = this.#parked.get(key);
    this.#parked.delete(key);
    for (const waiting of parked ?? []) this.#refresh(waiting);
  }

  /**
   * Sees one job through an attempt, and what follows from it. Nearly all are simply done: what that takes is called back,
   * for promises of each step would be a good part of what a job costs.
   */
  #see(lane: Lane, entry: Entry): void {
    try {
      const job = this.env.jobs.jobAt(entry);
      if (job === undefined) {
        this.#leave(lane, entry, 'gone');
        return;
      }
      const state = recovered(entry.state, this.settings.maxDisconnects, this.env.clock.now());
      const attempt = { lane, job, entry, state };
      const refusal = this.#refusal(job, state);
      if (refusal !== undefined) void this.#settle(attempt, refusal);
      else void this.#attempt(job, entry, state).then((outcome) => this.#ended(attempt, outcome));
    } catch (error) {
      this.#unseen(error);
      this.#leave(lane, entry, 'gone');
    }
  }

  #ended(attempt: Attempt, outcome: Outcome): void {
    const { lane, job, entry } = attempt;
    this.active.delete(entry.seq);
    if (outcome.kind !== 'done') {
      void this.#settle(attempt, outcome);
      return;
    }
    this.#settling++;
    // The order of a group must hold after a crash too: there the end of a job is written before the next one starts.
    const place = this.settings.isFifo ? undefined : 'no place';
    if (place === 'no place') this.#passOn(lane);
    this.env.jobs.finishAnd(entry, job, (error) => {
      this.#settling--;
      if (error !== undefined) {
        void this.#settle(attempt, outcome, place);
        return;
      }
      this.#settlement.completed(attempt);
      this.#leave(lane, entry, 'gone', place);
    });
  }

  /** Writes down what follows from how an attempt ended. Never rejects. */
  async #settle(attempt: Attempt, outcome: Outcome, place?: 'no place'): Promise<void> {
    this.#settling++;
    try {
      await this.#settlement.settle(attempt, this.settings, outcome);
    } catch (error) {
      this.#unseen(error);
    }
    this.#settling--;
    this.#leave(attempt.lane, attempt.entry, outcome.kind === 'done' ? 'gone' : 'there', place);
  }

  /** A job is over, or waits again. @param place whether that of it has been given to the next one already. */
  #leave(lane: Lane, entry: Entry, job: 'gone' | 'there', place?: 'no place'): void {
    this.active.delete(entry.seq);
    this.#taken.delete(entry.seq);
    // It may wait still, or again: only now can it be found, and it goes before those behind it.
    if (job === 'there') lane.reread();
    lane.unsettled--;
    this.#passOn(lane, place);
    if (this.#taken.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Starts what may be started now. @param place whether that of the job before is not there to be given. */
  #passOn(lane: Lane, place?: 'no place'): void {
    try {
      if (place === undefined) this.#free(lane);
      this.#refresh(lane);
      this.#pump();
    } catch (error) {
      this.#unseen(error);
    }
  }

  /** Only a store that was closed has this: what is unsettled is found again when it is opened. */
  #unseen(error: unknown): void {
    this.env.logger.warn({ err: error, queue: this.name }, 'a job could not be seen to its end');
  }

  /** Why a job is not tried at all. */
  #refusal(job: Job, state: JobState): Outcome | undefined {
    if (job.expiresAtMs !== undefined && state.started === 0 && job.expiresAtMs <= this.env.clock.now()) {
      return { kind: 'failed', code: EXPIRED, message: 'it was not started within its ttl_ms' };
    }
    const retries = job.overrides?.max_retries ?? this.settings.maxRetries;
    if (state.failed <= retries) return undefined;
    return { kind: 'exhausted' };
  }

  #notBegun = (error: unknown): void => {
    this.env.logger.warn({ err: error, queue: this.name }, 'the start of an attempt could not be written');
  };

  #attempt(job: Job, entry: Entry, state: JobState): Promise<Outcome> {
    const attempt = state.failed + 1;
    const stop = new StopSignal();
    const startedAtMs = this.env.clock.now();
    this.active.set(entry.seq, { entry, job, attempt, startedAtMs, stop });
    this.env.jobs.begin(entry, job, state, this.#notBegun);
    this.env.emit({
      event: 'started',
      queue: this.name,
      message_id: job.receipt,
      function_id: job.functionId,
      attempt,
    });
    const { condition, metadata, timeoutMs } = this.settings;
    return this.env.courier.deliver(job, {
      queue: this.name,
      attempt,
      timeoutMs: job.overrides?.timeout_ms ?? timeoutMs,
      condition,
      metadata,
      signal: stop,
    });
  }
}

/** Timers take no more; what lies beyond is looked at again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
