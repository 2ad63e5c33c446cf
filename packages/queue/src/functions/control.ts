import { CALLER_MEMBER, DEFAULT_NAMESPACE, parseRaw } from 'iii-protocol';
import { Type } from 'iii-protocol/schema';
import { FunctionQueueConfig } from '../config.js';
import { QueueError } from '../errors.js';
import { nameOf, type QueueService } from '../service.js';
import { purge } from '../store/bulk.js';
import type { Located } from '../store/job-store.js';
import type { QueueRecord } from '../store/records.js';
import { aliased, type Functions } from './register.js';
import { targetsOf } from './targets.js';

const Name = Type.Optional(Type.String());
const MessageId = Type.Object({ message_id: Type.String({ minLength: 1 }) });
const STATES = ['waiting', 'delayed', 'active', 'held', 'dead'] as const;
const State = Type.Union(STATES.map((state) => Type.Literal(state)));

/** Looking at jobs and queues one by one, and changing what becomes of them (spec/worker-queue.md §17.3). */
export function addControlFunctions(functions: Functions, service: QueueService): void {
  const { jobs } = service;
  functions.add({
    id: 'queue::define',
    description: 'Makes a named queue, or replaces its settings.',
    input: Type.Object(
      {
        queue: Type.String(),
        config: FunctionQueueConfig,
        [CALLER_MEMBER]: Type.Optional(Type.Unknown()),
      },
      { additionalProperties: false },
    ),
    output: Type.Object({ queue: Type.String(), changed: Type.Boolean() }),
    failure: 'change_failed',
    run: async ({ queue: given, config }) => {
      const queue = given.trim();
      return { queue, changed: await service.define(queue, config) };
    },
  });
  functions.add({
    id: 'iii::queue::get',
    description: 'Shows a job that waits, is at work, or is dead; null for others.',
    input: MessageId,
    failure: 'change_failed',
    run: ({ message_id }) => {
      const found = jobs.find(message_id);
      return found === undefined ? null : viewOf(service, found);
    },
  });
  functions.add({
    id: 'iii::queue::list',
    description: 'Lists jobs of a queue or topic in one state.',
    input: Type.Object({
      queue: Name,
      topic: Name,
      state: Type.Optional(State),
      offset: Type.Integer({ minimum: 0, default: 0 }),
      limit: Type.Integer({ minimum: 0, maximum: 1_000, default: 50 }),
    }),
    failure: 'change_failed',
    run: (input) => {
      const { state, offset, limit } = input;
      const views: object[] = [];
      let passed = 0;
      for (const record of recordsOf(service, 'iii::queue::list', input)) {
        for (const found of jobs.jobsOf(record.id)) {
          if (views.length === limit) return views;
          const view = viewOf(service, found);
          if (state !== undefined && view.state !== state) continue;
          if (passed++ >= offset) views.push(view);
        }
      }
      return views;
    },
  });
  functions.add({
    id: 'iii::queue::cancel',
    description: 'Removes a job that is not dead; one at work is told to stop, and its result ignored.',
    input: MessageId,
    output: Type.Object({ cancelled: Type.Boolean() }),
    failure: 'change_failed',
    run: async ({ message_id }) => {
      const found = jobs.find(message_id);
      if (found === undefined || found.place.at === 'dead') return { cancelled: false };
      const { job } = found;
      const line = service.line(job.queue);
      const active = line?.active.get(job.seq);
      if (active !== undefined) {
        active.stop.abort('cancelled');
        return { cancelled: true };
      }
      if (line?.isTaken(job.seq)) return { cancelled: false };
      const cancelled = await jobs.remove(message_id);
      if (cancelled) {
        line?.unblock(job.lane);
        service.emit({
          event: 'cancelled',
          queue: line?.name ?? '',
          message_id,
          function_id: job.functionId,
        });
      }
      return { cancelled };
    },
  });
  functions.add({
    id: 'iii::queue::retry_now',
    description: 'Lets a delayed job, or one that waits to be tried again, start at once.',
    input: MessageId,
    output: Type.Object({ ready: Type.Boolean() }),
    failure: 'change_failed',
    run: async ({ message_id }) => {
      const entry = await jobs.wake(message_id);
      if (entry !== undefined) {
        service.arrived(entry);
        return { ready: true };
      }
      return { ready: await retryInPlace(service, message_id) };
    },
  });
  functions.add({
    id: 'iii::queue::progress',
    description:
      'Tells how far a job at work is; its message_id is in the metadata of the call, under iii.queue.',
    input: Type.Object({
      message_id: Type.String({ minLength: 1 }),
      percent: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
      note: Type.Optional(Type.String({ maxLength: 1_000 })),
    }),
    output: Type.Object({ known: Type.Boolean() }),
    failure: 'change_failed',
    run: ({ message_id, percent, note }) => {
      const found = jobs.find(message_id);
      const line = found && service.line(found.job.queue);
      const active = found && line?.active.get(found.job.seq);
      if (line === undefined || active === undefined) return { known: false };
      const progress = {
        ...(percent === undefined ? {} : { percent }),
        ...(note === undefined ? {} : { note }),
      };
      active.progress = progress;
      const { functionId: function_id } = active.job;
      const { attempt } = active;
      service.emit({ event: 'progress', queue: line.name, message_id, function_id, attempt, ...progress });
      return { known: true };
    },
  });
  addQueueControls(functions, service);
}

function addQueueControls(functions: Functions, service: QueueService): void {
  for (const [word, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    const id = `iii::queue::${word}`;
    functions.add({
      id,
      description: paused
        ? 'Starts no more jobs of a queue or topic, also after a restart.'
        : 'Starts jobs again.',
      input: Type.Object({ queue: Name, topic: Name, function_id: Name, namespace: Name }),
      output: Type.Object({ paused: Type.Boolean() }),
      failure: 'change_failed',
      run: async (input) => {
        const { function_id, namespace } = input;
        const records = recordsOf(service, id, input).filter(
          (record) =>
            // Nobody takes a backlog out yet, and who comes to do so is a destination of its own.
            record.kind !== 'backlog' &&
            (function_id === undefined ||
              (record.kind === 'destination' &&
                record.functionId === function_id &&
                (namespace === undefined || record.namespace === namespace))),
        );
        if (records.length === 0)
          throw new QueueError('queue_not_found', 'no such queue, topic or subscriber');
        for (const record of records) await service.setPaused(record, paused);
        return { paused };
      },
    });
  }
  functions.add({
    id: 'iii::queue::purge',
    description: 'Removes the jobs of a queue or topic that are in one state and not at work.',
    input: Type.Object({
      queue: Name,
      topic: Name,
      state: Type.Union([Type.Literal('waiting'), Type.Literal('delayed'), Type.Literal('dead')], {
        default: 'waiting',
      }),
    }),
    output: Type.Object({ purged: Type.Integer() }),
    failure: 'change_failed',
    run: async (input) => {
      let purged = 0;
      for (const { id } of recordsOf(service, 'iii::queue::purge', input)) {
        const line = service.line(id);
        purged += await purge(service.jobs, id, input.state, (seq) => line?.isTaken(seq) === true);
        line?.reread();
      }
      return { purged };
    },
  });
  functions.add({
    id: 'iii::queue::remove_destination',
    description: 'Forgets a subscriber of a topic, with the jobs stored for it.',
    input: Type.Object({
      topic: Type.String({ minLength: 1 }),
      function_id: Type.String({ minLength: 1 }),
      namespace: Name,
    }),
    output: Type.Object({ removed: Type.Boolean(), discarded: Type.Integer() }),
    failure: 'change_failed',
    run: async ({ topic, function_id, namespace = DEFAULT_NAMESPACE }) => {
      const destination = service.topics.find(topic, namespace, function_id);
      if (destination === undefined) return { removed: false, discarded: 0 };
      return { removed: true, discarded: await service.removeDestination(destination) };
    },
  });
}

/** A group that waits for its first job to be tried again need not wait longer. */
async function retryInPlace(service: QueueService, messageId: string): Promise<boolean> {
  const found = service.jobs.find(messageId);
  if (found?.place.at !== 'waiting') return false;
  const { job, state, place } = found;
  const line = service.line(job.queue);
  if (state.notBeforeMs === undefined || line === undefined || line.isTaken(job.seq)) return false;
  const { notBeforeMs: _, ...ready } = state;
  const { queue, lane, priority, seq } = job;
  await service.jobs.update({ queue, lane, priority, order: place.order, seq, state }, ready);
  line.unblock(lane);
  return true;
}

function recordsOf(
  service: QueueService,
  id: string,
  input: { readonly queue?: string; readonly topic?: string },
): QueueRecord[] {
  const name = aliased(id, input, 'queue', 'topic');
  if (!name) throw new QueueError('queue_not_set', 'Queue name is required');
  return targetsOf(service, name);
}

/** A job as it is shown. */
function viewOf(service: QueueService, { job, state, place }: Located) {
  const line = service.line(job.queue);
  const active = line?.active.get(job.seq);
  const record = service.jobs.directory.get(job.queue);
  const last = state.errors.at(-1);
  return {
    id: job.receipt,
    queue: record === undefined ? '' : nameOf(record),
    function_id: job.functionId,
    namespace: job.namespace,
    state: stateOf(place, state.missingSinceMs !== undefined, active !== undefined),
    attempt: active?.attempt ?? state.failed,
    enqueued_at_ms: job.enqueuedAtMs,
    run_at_ms: place.at === 'delayed' ? place.dueMs : (state.notBeforeMs ?? null),
    last_error: last === undefined ? null : `${last.code}: ${last.message}`,
    errors: state.errors,
    priority: job.priority,
    payload: parseRaw(job.data),
    ...(active?.progress === undefined ? {} : { progress: active.progress }),
  };
}

function stateOf(place: Located['place'], isMissing: boolean, isActive: boolean): (typeof STATES)[number] {
  if (isActive) return 'active';
  if (place.at === 'waiting' && isMissing) return 'held';
  return place.at;
}
