import type { Clock, Log, RawJson } from 'iii-protocol';
import { rawFromValue } from 'iii-protocol';
import { DEFAULT_QUEUE, type FunctionQueueConfig, type QueueConfig } from './config.js';
import { deadLetterView } from './dead-letter-view.js';
import type { Courier } from './dispatch/courier.js';
import { Line } from './dispatch/line.js';
import { lineSettings, OFFLINE } from './dispatch/settings.js';
import type { Surroundings } from './dispatch/surroundings.js';
import { EXPIRED, QueueError } from './errors.js';
import type { Emit } from './events.js';
import { type Entry, type Job, type JobState, NEW_STATE, withFailure } from './job.js';
import { MissingFunctions } from './missing-functions.js';
import { type JobRequest, NamedQueues } from './named-queues.js';
import { removeAll, takeExpired, trim } from './store/bulk.js';
import type { Accepted, JobStore } from './store/job-store.js';
import type { NewJob } from './store/new-job.js';
import type { QueueRecord } from './store/records.js';
import { WallTimer } from './timers.js';
import { laneFor } from './topics/destination-lane.js';
import { type Destination, Topics } from './topics/topics.js';

export interface ServiceContext {
  readonly jobs: JobStore;
  readonly courier: Courier;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Log;
  readonly emit: Emit;
}

/** Delayed jobs woken, and expired ones buried, in one transaction. */
const BATCH = 500;
const HOUSEKEEPING_MS = 60_000;

/** Everything a queue worker does, whoever asks for it: jobs come in, lines take them out. */
export class QueueService {
  readonly missing = new MissingFunctions();
  readonly named: NamedQueues;
  readonly topics: Topics;
  readonly #lines = new Map<number, Line>();
  readonly #env: Surroundings;
  readonly #dueTimer: WallTimer;
  readonly #expiryTimer: WallTimer;
  readonly #housekeeping: WallTimer;
  #state: 'running' | 'stopping' = 'running';

  constructor(
    private readonly context: ServiceContext,
    private config: QueueConfig,
  ) {
    const { jobs, clock } = context;
    this.#dueTimer = new WallTimer(clock, () => void this.#guarded(() => this.#wakeDue()));
    this.#expiryTimer = new WallTimer(clock, () => void this.#guarded(() => this.#expire()));
    this.#housekeeping = new WallTimer(clock, () => void this.#guarded(() => this.#tidy()));
    this.#env = {
      ...context,
      missing: this.missing,
      delayed: (dueMs) => this.#dueTimer.set(dueMs),
      buried: (queue, job, state) => this.#onFailure(queue, job, state),
    };
    this.named = new NamedQueues(jobs, () => clock.now());
    this.topics = new Topics(jobs, clock, {
      configured: (destination) => this.#configureDestination(destination),
    });
  }

  get jobs(): JobStore {
    return this.context.jobs;
  }

  get clock(): Clock {
    return this.context.clock;
  }

  /** Opens every queue there is. @throws QueueError invalid_queue_config */
  async start(): Promise<void> {
    await this.configure(this.config);
    for (const record of this.jobs.directory.all()) {
      if (record.kind === 'destination') this.#openLine(record.id, nameOf(record), OFFLINE);
    }
    this.#armDue();
    this.#armExpiry();
    this.#housekeeping.set(this.clock.now() + HOUSEKEEPING_MS);
  }

  /** Takes other settings; queues whose own are the same notice nothing (§13). @throws QueueError */
  async configure(config: QueueConfig): Promise<void> {
    const { changed, removed } = await this.named.configure(config.queue_configs);
    this.config = config;
    for (const name of changed) this.#configureNamed(name);
    for (const record of this.jobs.directory.all()) {
      if (record.kind === 'named' && removed.includes(record.name))
        this.#lines.get(record.id)?.configure(OFFLINE);
    }
  }

  async define(name: string, config: FunctionQueueConfig): Promise<boolean> {
    const changed = await this.named.define(name, config);
    if (changed) this.#configureNamed(name);
    return changed;
  }

  /** Accepts jobs, all or none; resolves when they are as durable as promised. @throws QueueError */
  enqueue(requests: readonly JobRequest[]): Promise<Accepted[]> {
    return this.#accept(requests.map((request) => this.named.newJob(request)));
  }

  /**
   * Accepts jobs, each for itself; resolves when those that are accepted are as durable as promised.
   *
   * @param read what one of them asks for; may throw.
   * @throws QueueError stopping. Why one of them is not accepted stands in its place.
   */
  async enqueueEach<T>(
    requests: readonly T[],
    read: (request: T) => JobRequest,
  ): Promise<ReadonlyArray<PromiseSettledResult<Accepted>>> {
    this.#requireRunning();
    const results: Array<PromiseSettledResult<Accepted>> = new Array(requests.length);
    const jobs: NewJob[] = [];
    const places: number[] = [];
    requests.forEach((request, at) => {
      try {
        jobs.push(this.named.newJob(read(request)));
        places.push(at);
      } catch (reason) {
        results[at] = { status: 'rejected', reason };
      }
    });
    const added = await this.jobs.addEach(jobs, this.isTaken);
    added.forEach((result, index) => {
      results[places[index] ?? 0] = result;
      if (result.status === 'fulfilled') this.#accepted(result.value);
    });
    return results;
  }

  /** Stores a message for every destination of a topic, or for none. @throws QueueError, StorageError */
  async publish(
    topic: string,
    data: RawJson,
    more: { readonly traceparent?: string; readonly baggage?: string; readonly metadata?: unknown } = {},
  ): Promise<void> {
    const destinations = this.topics.destinations(topic);
    const common = { priority: 0, data, ...more };
    if (destinations.length > 0) {
      await this.#accept(
        destinations.map((destination) => ({
          queue: destination.id,
          lane: laneFor(destination, data),
          functionId: destination.functionId,
          namespace: destination.namespace,
          ...common,
        })),
      );
      return;
    }
    if (this.config.topic_backlog_max === 0) return;
    const { record, written } = this.topics.backlog(topic);
    const kept = { ...common, queue: record.id, lane: '["b"]', functionId: '', namespace: '' };
    await Promise.all([written, this.#accept([kept])]);
    if (this.jobs.counts(record.id).waiting > this.config.topic_backlog_max) await this.#trim(record.id);
  }

  line(queue: number): Line | undefined {
    return this.#lines.get(queue);
  }

  /** A job waits that has not before: put back, or woken. */
  arrived(entry: Entry): void {
    this.#lines.get(entry.queue)?.arrived(entry);
  }

  isTaken = (seq: number): boolean => {
    for (const line of this.#lines.values()) if (line.isTaken(seq)) return true;
    return false;
  };

  /** Whether it is started, from now on and after a restart too. */
  async setPaused(record: QueueRecord, paused: boolean): Promise<void> {
    const current = this.jobs.directory.get(record.id) ?? record;
    await this.jobs.directory.save({ ...current, paused });
    if (record.kind === 'named') this.#configureNamed(record.name);
    if (record.kind === 'destination') this.#configureDestination(record);
    this.context.emit({ event: paused ? 'paused' : 'resumed', queue: nameOf(record) });
  }

  /** Forgets a destination and its jobs. @returns how many there were. */
  async removeDestination(destination: Destination): Promise<number> {
    this.topics.remove(destination);
    const line = this.#lines.get(destination.id);
    line?.configure(OFFLINE);
    const { waiting, delayed, dead } = this.jobs.counts(destination.id);
    await removeAll(this.jobs, destination.id);
    line?.reread();
    this.#lines.delete(destination.id);
    await this.jobs.directory.forget(destination.id);
    return waiting + delayed + dead;
  }

  emit: Emit = (event) => this.context.emit(event);

  /** Starts no job any more, and lets those at work end (§8.7). */
  async stop(signal: AbortSignal): Promise<void> {
    this.#state = 'stopping';
    for (const timer of [this.#dueTimer, this.#expiryTimer, this.#housekeeping]) timer.clear();
    await Promise.all(
      [...this.#lines.values()].map((line) => line.stop(this.config.shutdown_grace_ms, signal)),
    );
  }

  async #accept(jobs: readonly NewJob[]): Promise<Accepted[]> {
    this.#requireRunning();
    const accepted = await this.jobs.add(jobs, this.isTaken);
    for (const one of accepted) this.#accepted(one);
    return accepted;
  }

  #requireRunning(): void {
    if (this.#state !== 'running') throw new QueueError('stopping', 'no jobs are accepted any more');
  }

  /** It is durable: whoever is to know hears of it. */
  #accepted({ entry, dueMs, job }: Accepted): void {
    if (this.#state !== 'running') return;
    if (job !== undefined) {
      const line = this.#lines.get(job.queue);
      if (job.expiresAtMs !== undefined) this.#expiryTimer.set(job.expiresAtMs);
      if (line !== undefined) {
        const { receipt: message_id, functionId: function_id } = job;
        this.context.emit({ event: 'enqueued', queue: line.name, message_id, function_id });
      }
    }
    if (entry !== undefined) this.arrived(entry);
    if (dueMs !== undefined) this.#dueTimer.set(dueMs);
  }

  #configureNamed(name: string): void {
    const queue = this.named.get(name);
    if (queue === undefined) return;
    const { id } = queue.record;
    const isPaused = this.jobs.directory.get(id)?.paused === true;
    const settings = lineSettings(queue.config, isPaused);
    const line = this.#lines.get(id);
    if (line === undefined) this.#openLine(id, name, settings);
    else line.configure(settings);
  }

  #configureDestination(destination: Destination): void {
    const settings = this.topics.settings(destination);
    const line = this.#lines.get(destination.id);
    if (line === undefined) this.#openLine(destination.id, nameOf(destination), settings);
    else line.configure(settings);
  }

  #openLine(id: number, name: string, settings: typeof OFFLINE): void {
    const line = new Line(id, name, settings, this.#env);
    this.#lines.set(id, line);
    line.open();
  }

  async #wakeDue(): Promise<void> {
    const entries = await this.jobs.wakeDue(this.clock.now(), BATCH);
    for (const entry of entries) this.arrived(entry);
    this.#armDue();
  }

  #armDue(): void {
    const next = this.jobs.nextDueMs();
    if (next !== undefined && this.#state === 'running') this.#dueTimer.set(next);
  }

  /** Jobs that have not been started in time die, wherever they are. */
  async #expire(): Promise<void> {
    const now = this.clock.now();
    for (const receipt of await takeExpired(this.jobs, now, BATCH)) {
      const found = this.jobs.find(receipt);
      if (found === undefined || found.place.at === 'dead' || found.state.started > 0) continue;
      const { job, place } = found;
      const line = this.#lines.get(job.queue);
      if (line?.isTaken(job.seq)) continue;
      const error = { code: EXPIRED, message: 'it was not started within its ttl_ms' };
      const state = withFailure(NEW_STATE, { attempt: 0, ...error, at_ms: now });
      const retention = { maxMessages: undefined, ttlMs: undefined };
      if (!(await this.jobs.deadLetters.bury(job, place, state, now, retention))) continue;
      line?.unblock(job.lane);
      const queue = line?.name ?? '';
      this.context.emit({
        event: 'dead_lettered',
        queue,
        message_id: job.receipt,
        function_id: job.functionId,
        error,
      });
      this.#onFailure(queue, job, state);
    }
    this.#armExpiry();
  }

  #armExpiry(): void {
    const next = this.jobs.nextExpiryMs();
    if (next !== undefined && this.#state === 'running') this.#expiryTimer.set(next);
  }

  /** What nobody asks for and time makes due: dead letters, backlogs and destinations that are too old. */
  async #tidy(): Promise<void> {
    const now = this.clock.now();
    await this.topics.touch();
    for (const destination of this.topics.expired(this.config.destination_ttl_ms)) {
      await this.removeDestination(destination);
    }
    for (const record of [...this.jobs.directory.all()]) {
      if (record.kind === 'backlog') await this.#trim(record.id);
      const ttl = record.kind === 'named' ? this.named.get(record.name)?.config.dlq_ttl_ms : undefined;
      if (ttl !== undefined) await this.jobs.deadLetters.discardOlder(record.id, now - ttl);
    }
    if (this.#state === 'running') this.#housekeeping.set(now + HOUSEKEEPING_MS);
  }

  async #trim(queue: number): Promise<void> {
    const { topic_backlog_max: max, topic_backlog_ttl_ms: ttl } = this.config;
    const dropped = await trim(this.jobs, queue, max, this.clock.now() - ttl);
    if (dropped === 0) return;
    const record = this.jobs.directory.get(queue);
    const topic = record?.kind === 'backlog' ? record.topic : '';
    this.context.logger.warn({ topic, dropped }, 'messages of a topic without subscribers were dropped');
  }

  /** The dead letter goes to a function, as a job of its own (§17.3). */
  #onFailure(queue: string, job: Job, state: JobState): void {
    const functionId = job.overrides?.on_failure;
    if (functionId === undefined || this.#state !== 'running') return;
    const failedAtMs = this.clock.now();
    const record = { queue, ...deadLetterView({ job, state, failedAtMs, bytes: job.data.length }) };
    const request: JobRequest = {
      queue: DEFAULT_QUEUE,
      functionId,
      namespace: job.namespace,
      data: rawFromValue(record),
      options: {},
    };
    void this.#guarded(() => this.enqueue([request]));
  }

  async #guarded(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#state !== 'running') return;
      this.context.logger.warn({ err: error }, 'the queue could not do what was due');
      // The disk may take it later; nothing has been lost.
      const later = this.clock.now() + 1_000;
      for (const timer of [this.#dueTimer, this.#expiryTimer, this.#housekeeping]) timer.set(later);
    }
  }
}

/** A queue as people and events name it. */
export function nameOf(record: QueueRecord): string {
  if (record.kind === 'named') return record.name;
  return record.kind === 'backlog' ? record.topic : `${record.topic} → ${record.functionId}`;
}
