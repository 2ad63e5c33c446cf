import { Type } from 'iii-protocol/schema';
import { QueueError } from '../errors.js';
import { nameOf, type QueueService } from '../service.js';
import type { QueueRecord } from '../store/records.js';
import { brokerType } from './dead-letters.js';
import { aliased, type Functions } from './register.js';
import { targetsOf } from './targets.js';

const Name = Type.Optional(Type.String());

/** What queues and topics hold (spec/worker-queue.md §3.2, §3.3). */
export function addStatsFunctions(functions: Functions, service: QueueService): void {
  functions.add({
    id: 'engine::queue::list_topics',
    description: 'Lists topics with subscribers, and named queues.',
    input: Type.Object({}),
    failure: 'change_failed',
    run: () => {
      const rows = [...service.named.all()].map(([name, { config }]) => ({
        name,
        broker_type: 'function_queue',
        subscriber_count: config.concurrency,
      }));
      const taken = new Set(rows.map(({ name }) => name));
      for (const name of service.topics.names()) {
        if (taken.has(name)) continue;
        rows.push({ name, broker_type: 'builtin', subscriber_count: service.topics.subscribers(name) });
      }
      return rows.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  });
  functions.add({
    id: 'engine::queue::topic_stats',
    description: 'Tells how many jobs a queue or topic holds.',
    input: Type.Object({ topic: Name, queue: Name }),
    failure: 'change_failed',
    run: (input) => {
      const topic = aliased('engine::queue::topic_stats', input, 'topic', 'queue');
      if (!topic) throw new QueueError('topic_required', 'topic is required');
      const targets = targetsOf(service, topic);
      const rows = targets.map((record) => figuresOf(service, record));
      const sum = (field: keyof Figures) => rows.reduce((total, row) => total + (row[field] ?? 0), 0);
      const ages = rows.flatMap(({ oldest_age_ms }) => oldest_age_ms ?? []);
      const named = targets.some(({ kind }) => kind === 'named') ? service.named.get(topic) : undefined;
      return {
        depth: sum('waiting') + sum('delayed') + sum('in_flight'),
        consumer_count: (named?.config.concurrency ?? 0) + service.topics.subscribers(topic),
        dlq_depth: sum('dlq_depth'),
        config: null,
        waiting: sum('waiting'),
        delayed: sum('delayed'),
        in_flight: sum('in_flight'),
        delivered: sum('delivered'),
        failed: sum('failed'),
        oldest_age_ms: ages.length === 0 ? null : Math.max(...ages),
      };
    },
  });
  functions.add({
    id: 'iii::queue::stats',
    description: 'Tells what every queue and every subscriber of a topic holds, and where jobs are stored.',
    input: Type.Object({}),
    failure: 'change_failed',
    run: () => {
      const { store } = service.jobs;
      const rows = [...service.jobs.directory.all()].map((record) => ({
        name: nameOf(record),
        ...(record.kind === 'named' ? {} : { topic: record.topic }),
        ...(record.kind === 'destination'
          ? { function_id: record.functionId, namespace: record.namespace }
          : {}),
        kind: record.kind,
        broker_type: record.kind === 'named' ? brokerType(service, record.name) : 'builtin',
        state: stateOf(service, record),
        ...figuresOf(service, record),
      }));
      const { bytes, maxBytes } = store.figures();
      return {
        adapter: {
          name: 'builtin',
          durability: store.durability,
          bytes,
          max_bytes: Number.isFinite(maxBytes) ? maxBytes : null,
        },
        queues: rows.sort((a, b) => (a.name < b.name ? -1 : 1)),
      };
    },
  });
}

interface Figures {
  readonly waiting: number;
  readonly delayed: number;
  readonly in_flight: number;
  readonly dlq_depth: number;
  readonly enqueued: number;
  readonly delivered: number;
  readonly failed: number;
  readonly retried: number;
  readonly oldest_age_ms: number | null;
}

function figuresOf(service: QueueService, record: QueueRecord): Figures {
  const { waiting, dead, ...counts } = service.jobs.counts(record.id);
  const inFlight = service.line(record.id)?.inFlight ?? 0;
  const [oldest] = service.jobs.waiting(record.id);
  const enqueuedAtMs = oldest && service.jobs.jobAt(oldest)?.enqueuedAtMs;
  return {
    ...counts,
    waiting: Math.max(0, waiting - inFlight),
    in_flight: inFlight,
    dlq_depth: dead,
    oldest_age_ms: enqueuedAtMs === undefined ? null : Math.max(0, service.clock.now() - enqueuedAtMs),
  };
}

function stateOf(service: QueueService, record: QueueRecord): 'open' | 'paused' | 'offline' | 'removed' {
  if (service.jobs.directory.get(record.id)?.paused === true) return 'paused';
  if (record.kind === 'named') {
    const queue = service.named.get(record.name);
    if (queue === undefined) return 'removed';
    return queue.config.paused ? 'paused' : 'open';
  }
  return service.line(record.id)?.isOpen === true ? 'open' : 'offline';
}
