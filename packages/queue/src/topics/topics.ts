import type { Clock } from 'iii-protocol';
import { OFFLINE } from '../dispatch/settings.js';
import { moveAll } from '../store/bulk.js';
import type { JobStore } from '../store/job-store.js';
import type { QueueRecord } from '../store/records.js';
import { laneFor } from './destination-lane.js';
import type { Subscription } from './subscriber-config.js';

export type Destination = Extract<QueueRecord, { kind: 'destination' }>;
export type Backlog = Extract<QueueRecord, { kind: 'backlog' }>;

/** A trigger that is bound now. */
interface Registration {
  readonly destination: Destination;
  readonly subscription: Subscription;
}

/** What topics need of the lines. */
export interface DestinationLines {
  /** A destination has other settings, or is new. */
  configured(destination: Destination): void;
}

/**
 * Who receives which topic. A destination is a function in a namespace; it is remembered, and goes on receiving while
 * its worker is away (spec/worker-queue.md §6.3, §6.5).
 */
export class Topics {
  readonly #destinations = new Map<string, Map<number, Destination>>();
  readonly #backlogs = new Map<string, Backlog>();
  /** By id of the trigger. */
  readonly #registrations = new Map<string, Registration>();

  constructor(
    private readonly jobs: JobStore,
    private readonly clock: Clock,
    private readonly lines: DestinationLines,
  ) {
    for (const record of jobs.directory.all()) {
      if (record.kind === 'destination') this.#know(record);
      if (record.kind === 'backlog') this.#backlogs.set(record.topic, record);
    }
  }

  names(): Set<string> {
    return new Set([...this.#destinations.keys()]);
  }

  /** All of a topic, also those whose subscribers are away. */
  destinations(topic: string): Destination[] {
    return [...(this.#destinations.get(topic)?.values() ?? [])];
  }

  find(topic: string, namespace: string, functionId: string): Destination | undefined {
    return this.destinations(topic).find(
      (one) => one.namespace === namespace && one.functionId === functionId,
    );
  }

  /** Live registrations of a topic. */
  subscribers(topic: string): number {
    return [...this.#registrations.values()].filter(({ destination }) => destination.topic === topic).length;
  }

  triggerIds(): string[] {
    return [...this.#registrations.keys()];
  }

  /** Where messages go that nobody receives yet. */
  backlog(topic: string): { readonly record: Backlog; readonly written: Promise<void> | undefined } {
    const known = this.#backlogs.get(topic);
    if (known !== undefined) return { record: known, written: undefined };
    const { record, written } = this.jobs.directory.create({ kind: 'backlog', topic });
    const backlog = record as Backlog;
    this.#backlogs.set(topic, backlog);
    written.catch(() => this.#backlogs.delete(topic));
    return { record: backlog, written };
  }

  backlogOf(topic: string): Backlog | undefined {
    return this.#backlogs.get(topic);
  }

  /** How jobs of a destination are delivered now: as its latest registration says. */
  settings({ id }: Destination) {
    const live = [...this.#registrations.values()].filter(({ destination }) => destination.id === id).at(-1);
    const paused = this.jobs.directory.get(id)?.paused === true;
    if (live === undefined) return OFFLINE;
    const { settings } = live.subscription;
    return { ...settings, isOpen: !paused };
  }

  /** A trigger has been bound. Resolves when its destination is remembered. */
  async bind(
    triggerId: string,
    target: { readonly namespace: string; readonly functionId: string },
    subscription: Subscription,
  ): Promise<void> {
    const { topic } = subscription;
    this.unbind(triggerId);
    const known = this.find(topic, target.namespace, target.functionId);
    let destination: Destination;
    let written: Promise<void>;
    const { isFifo, groupField } = subscription;
    if (known === undefined) {
      const created = this.jobs.directory.create({
        kind: 'destination',
        topic,
        ...target,
        seenMs: this.clock.now(),
        isFifo,
        ...(groupField === undefined ? {} : { groupField }),
      });
      destination = created.record as Destination;
      written = created.written;
      this.#know(destination);
    } else {
      const { groupField: _, ...rest } = known;
      destination = {
        ...rest,
        seenMs: this.clock.now(),
        isFifo,
        ...(groupField === undefined ? {} : { groupField }),
      };
      written = this.jobs.directory.save(destination);
      this.#know(destination);
    }
    this.#registrations.set(triggerId, { destination, subscription });
    const moved = known === undefined ? this.#handOver(topic, destination) : undefined;
    try {
      await written;
      await moved;
    } catch (error) {
      this.#registrations.delete(triggerId);
      if (known === undefined) this.#forget(destination);
      throw error;
    }
    this.lines.configured(destination);
  }

  unbind(triggerId: string): void {
    const registration = this.#registrations.get(triggerId);
    if (registration === undefined) return;
    this.#registrations.delete(triggerId);
    const current = this.#destinations.get(registration.destination.topic)?.get(registration.destination.id);
    if (current !== undefined) this.lines.configured(current);
  }

  /** Destinations nobody has been registered for since `ttlMs`. */
  expired(ttlMs: number): Destination[] {
    const live = new Set([...this.#registrations.values()].map(({ destination }) => destination.id));
    return [...this.#destinations.values()]
      .flatMap((all) => [...all.values()])
      .filter(({ id, seenMs }) => !live.has(id) && seenMs + ttlMs <= this.clock.now());
  }

  /** Notes that live destinations have been seen, so that their time starts anew when they go. */
  async touch(): Promise<void> {
    const live = new Map(
      [...this.#registrations.values()].map(({ destination }) => [destination.id, destination]),
    );
    for (const destination of live.values()) {
      const seen = { ...destination, seenMs: this.clock.now() };
      this.#know(seen);
      await this.jobs.directory.save(seen);
    }
  }

  remove(destination: Destination): void {
    this.#forget(destination);
    for (const [id, registration] of this.#registrations) {
      if (registration.destination.id === destination.id) this.#registrations.delete(id);
    }
  }

  /** What was published before anybody received the topic goes to the first who does (§6.5). */
  #handOver(topic: string, destination: Destination): Promise<void> | undefined {
    const backlog = this.#backlogs.get(topic);
    if (backlog === undefined) return undefined;
    this.#backlogs.delete(topic);
    this.jobs.directory.drop(backlog.id);
    const { id, functionId, namespace } = destination;
    return moveAll(this.jobs, backlog.id, (job) => ({
      ...job,
      queue: id,
      functionId,
      namespace,
      lane: laneFor(destination, job.data),
    }));
  }

  #know(destination: Destination): void {
    const all = this.#destinations.get(destination.topic) ?? new Map<number, Destination>();
    this.#destinations.set(destination.topic, all.set(destination.id, destination));
  }

  #forget({ topic, id }: Destination): void {
    const all = this.#destinations.get(topic);
    all?.delete(id);
    if (all?.size === 0) this.#destinations.delete(topic);
  }
}
