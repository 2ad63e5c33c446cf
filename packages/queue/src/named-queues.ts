import { DEFAULT_NAMESPACE, type RawJson, type Writable } from 'iii-protocol';
import { checkQueue, DEFAULT_QUEUE, DEFAULT_QUEUE_SETTINGS, type FunctionQueueConfig } from './config.js';
import { fieldOf, groupOf } from './data-fields.js';
import { QueueError } from './errors.js';
import { dedupOf, dueOf, type JobOptions, overridesOf } from './job-options.js';
import { functionLane, groupLane } from './lane-names.js';
import type { JobStore } from './store/job-store.js';
import type { NewJob } from './store/new-job.js';
import type { QueueRecord } from './store/records.js';

export interface NamedQueue {
  readonly record: QueueRecord;
  readonly config: FunctionQueueConfig;
}

/** A job as it is handed in. */
export interface JobRequest {
  readonly queue: string;
  readonly functionId: string;
  readonly namespace?: string | undefined;
  readonly data: RawJson;
  /** Where whoever hands it in has made one already. */
  readonly receipt?: string;
  readonly metadata?: unknown;
  readonly traceparent?: string | undefined;
  readonly baggage?: string | undefined;
  readonly options: JobOptions;
}

/** The queues that jobs are put into by name (spec/worker-queue.md §4). */
export class NamedQueues {
  readonly #queues = new Map<string, NamedQueue>();

  constructor(
    private readonly jobs: JobStore,
    private readonly now: () => number,
  ) {}

  all(): IterableIterator<[string, NamedQueue]> {
    return this.#queues.entries();
  }

  get(name: string): NamedQueue | undefined {
    return this.#queues.get(name);
  }

  /**
   * Takes a configuration: what is not in it any more takes no jobs, and keeps those it has (§13). What has been
   * defined at runtime goes before what the configuration says.
   *
   * @returns the names whose settings are other than before, and those that are gone.
   * @throws QueueError invalid_queue_config, before anything has changed.
   */
  async configure(
    configured: Readonly<Record<string, FunctionQueueConfig>>,
  ): Promise<{ readonly changed: string[]; readonly removed: string[] }> {
    const wanted = new Map<string, FunctionQueueConfig>([
      [DEFAULT_QUEUE, DEFAULT_QUEUE_SETTINGS],
      ...Object.entries(configured),
      ...this.jobs.directory.definitions(),
    ]);
    for (const [name, config] of wanted) checkQueue(name, config);
    const removed = [...this.#queues.keys()].filter((name) => !wanted.has(name));
    const records = new Map<string, QueueRecord>();
    for (const record of this.jobs.directory.all())
      if (record.kind === 'named') records.set(record.name, record);
    const created: Array<Promise<void>> = [];
    const changed: string[] = [];
    for (const [name, config] of wanted) {
      const known = this.#queues.get(name);
      if (known !== undefined && JSON.stringify(known.config) === JSON.stringify(config)) continue;
      let record = records.get(name);
      if (record === undefined) {
        const made = this.jobs.directory.create({ kind: 'named', name });
        created.push(made.written);
        record = made.record;
      }
      this.#queues.set(name, { record, config });
      changed.push(name);
    }
    for (const name of removed) this.#queues.delete(name);
    await Promise.all(created);
    return { changed, removed };
  }

  /** Replaces the settings of one queue, for good. @returns whether they are other than before. */
  async define(name: string, config: FunctionQueueConfig): Promise<boolean> {
    checkQueue(name, config);
    const known = this.#queues.get(name);
    if (known !== undefined && JSON.stringify(known.config) === JSON.stringify(config)) return false;
    const made = known ?? this.#find(name) ?? this.jobs.directory.create({ kind: 'named', name });
    if ('written' in made) await made.written;
    await this.jobs.directory.define(name, config);
    this.#queues.set(name, { record: made.record, config });
    return true;
  }

  #find(name: string): { readonly record: QueueRecord } | undefined {
    for (const record of this.jobs.directory.all()) {
      if (record.kind === 'named' && record.name === name) return { record };
    }
    return undefined;
  }

  /**
   * A job for the store, checked against the settings of its queue (§2.5).
   *
   * @throws QueueError queue_not_found, invalid_job
   */
  newJob(request: JobRequest): NewJob {
    const { queue: name, functionId, data, receipt, options, metadata, traceparent, baggage } = request;
    const namespace = request.namespace ?? DEFAULT_NAMESPACE;
    const queue = this.#queues.get(name);
    if (queue === undefined) throw this.#notFound(name);
    const { config, record } = queue;
    if (data.length > config.max_payload_bytes) {
      const what = `data of ${data.length} bytes is more than the max_payload_bytes of ${config.max_payload_bytes}`;
      throw new QueueError('invalid_job', `queue "${name}": ${what}`);
    }
    const now = this.now();
    const dueMs = dueOf(options, now);
    const dedup = dedupOf(options);
    const overrides = overridesOf(options);
    const isFifo = config.type === 'fifo';
    const job: Writable<NewJob> = {
      queue: record.id,
      lane: isFifo
        ? groupLane(groupFor(name, config, data, options))
        : this.#lane(namespace, request, config),
      priority: isFifo ? 0 : priorityFor(config, data, options),
      functionId,
      namespace,
      data,
      maxLength: config.max_length,
    };
    if (receipt !== undefined) job.receipt = receipt;
    if (metadata !== undefined) job.metadata = metadata;
    if (traceparent) job.traceparent = traceparent;
    if (baggage) job.baggage = baggage;
    if (options.ttl_ms !== undefined) job.expiresAtMs = now + options.ttl_ms;
    if (overrides !== undefined) job.overrides = overrides;
    if (dueMs !== undefined) job.dueMs = dueMs;
    if (dedup !== undefined) job.dedup = dedup;
    return job;
  }

  #lane(namespace: string, { functionId, data }: JobRequest, config: FunctionQueueConfig): string {
    if (config.concurrency_key === undefined) return functionLane(namespace, functionId);
    const key = fieldOf(data, config.concurrency_key);
    return functionLane(namespace, functionId, key === undefined ? '' : JSON.stringify(key));
  }

  #notFound(name: string): QueueError {
    const defined = [...this.#queues.keys()].sort().slice(0, 20).join(', ');
    return new QueueError(
      'queue_not_found',
      `queue '${name}' not found: it is not defined; defined are ${defined}`,
    );
  }
}

function groupFor(name: string, config: FunctionQueueConfig, data: RawJson, { group }: JobOptions): string {
  if (group !== undefined) return group;
  const field = config.message_group_field ?? '';
  const value = fieldOf(data, field);
  const named = groupOf(value);
  if (named !== undefined) return named;
  const found = value === undefined ? 'not found in the data' : `${JSON.stringify(value)?.slice(0, 60)}`;
  throw new QueueError(
    'invalid_job',
    `queue "${name}" is fifo, and its message_group_field "${field}" is ${found}; it must be a non-empty string or a number`,
  );
}

function priorityFor(config: FunctionQueueConfig, data: RawJson, options: JobOptions): number {
  const given = options.priority ?? (config.priority_field && fieldOf(data, config.priority_field));
  if (typeof given !== 'number' || !Number.isInteger(given) || given < 0) return 0;
  return Math.min(given, config.max_priority ?? 255);
}
