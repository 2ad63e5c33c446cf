import { Type } from 'iii-protocol/schema';
import { deadLetterView } from '../dead-letter-view.js';
import { QueueError } from '../errors.js';
import { nameOf, type QueueService } from '../service.js';
import type { DeadLetter } from '../store/dead-letters.js';
import { aliased, type Functions } from './register.js';
import { targetsOf } from './targets.js';

const Name = Type.Optional(Type.String());
const Message = Type.Object({ queue: Name, topic: Name, message_id: Type.String() });
const Moved = Type.Object({ queue: Type.String(), message_id: Type.String(), redriven: Type.Integer() });

/** Looking at dead letters, putting them back, dropping them (spec/worker-queue.md §3.4, §3.5, §7.4). */
export function addDeadLetterFunctions(functions: Functions, service: QueueService): void {
  const { deadLetters } = service.jobs;
  functions.add({
    id: 'iii::queue::redrive',
    description: 'Puts the dead letters of a queue or topic back.',
    input: Type.Object({ queue: Name, topic: Name }),
    output: Type.Object({ queue: Type.String(), redriven: Type.Integer() }),
    failure: 'redrive_failed',
    run: async (input) => {
      const queue = queueOf('iii::queue::redrive', input);
      let redriven = 0;
      for (const { id } of targetsOf(service, queue)) {
        const entries = await deadLetters.redrive(id);
        for (const entry of entries) service.arrived(entry);
        redriven += entries.length;
      }
      return { queue, redriven };
    },
  });
  functions.add({
    id: 'iii::queue::redrive_message',
    description: 'Puts one dead letter back.',
    input: Message,
    output: Moved,
    failure: 'redrive_message_failed',
    run: async (input) => {
      const { queue, message_id } = messageOf('iii::queue::redrive_message', input);
      for (const { id } of targetsOf(service, queue)) {
        const entry = await deadLetters.redriveOne(id, message_id);
        if (entry === undefined) continue;
        service.arrived(entry);
        return { queue, message_id, redriven: 1 };
      }
      return { queue, message_id, redriven: 0 };
    },
  });
  functions.add({
    id: 'iii::queue::discard_message',
    description: 'Drops one dead letter; redriven tells how many were dropped.',
    input: Message,
    output: Moved,
    failure: 'discard_message_failed',
    run: async (input) => {
      const { queue, message_id } = messageOf('iii::queue::discard_message', input);
      let redriven = 0;
      for (const { id } of targetsOf(service, queue)) {
        if (redriven === 0 && (await deadLetters.discardOne(id, message_id))) redriven = 1;
      }
      return { queue, message_id, redriven };
    },
  });
  functions.add({
    id: 'iii::queue::discard',
    description: 'Drops the dead letters of a queue or topic.',
    input: Type.Object({ queue: Name, topic: Name }),
    failure: 'change_failed',
    run: async (input) => {
      const queue = queueOf('iii::queue::discard', input);
      let discarded = 0;
      for (const { id } of targetsOf(service, queue)) discarded += await deadLetters.discard(id);
      return { queue, discarded };
    },
  });
  functions.add({
    id: 'engine::queue::dlq_topics',
    description: 'Lists queues and topics with dead letters.',
    input: Type.Object({}),
    failure: 'change_failed',
    run: () => {
      const counts = new Map<string, number>();
      for (const record of service.jobs.directory.all()) {
        const name = record.kind === 'destination' ? record.topic : nameOf(record);
        const { dead } = service.jobs.counts(record.id);
        if (dead > 0) counts.set(name, (counts.get(name) ?? 0) + dead);
      }
      return [...counts]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([topic, message_count]) => ({ topic, broker_type: brokerType(service, topic), message_count }));
    },
  });
  functions.add({
    id: 'engine::queue::dlq_messages',
    description: 'Shows dead letters of a queue or topic, newest first.',
    input: Type.Object({
      topic: Name,
      queue: Name,
      offset: Type.Integer({ minimum: 0, default: 0 }),
      limit: Type.Integer({ minimum: 0, default: 50 }),
    }),
    failure: 'change_failed',
    run: (input) => {
      const topic = aliased('engine::queue::dlq_messages', input, 'topic', 'queue');
      if (!topic) throw new QueueError('topic_required', 'topic is required');
      const { offset, limit } = input;
      return newestOf(service, topic, offset + limit)
        .slice(offset)
        .map(deadLetterView);
    },
  });
}

/** The newest dead letters of all destinations of a name. */
function newestOf(service: QueueService, name: string, count: number): DeadLetter[] {
  const found = targetsOf(service, name).flatMap(({ id }) => {
    const newest: DeadLetter[] = [];
    for (const letter of service.jobs.deadLetters.of(id)) {
      if (newest.length >= count) break;
      newest.push(letter);
    }
    return newest;
  });
  return found.sort((a, b) => b.failedAtMs - a.failedAtMs).slice(0, count);
}

/** §3.2: named queues are told apart from topics by it. */
export function brokerType(service: QueueService, name: string): string {
  return service.named.get(name) === undefined ? 'builtin' : 'function_queue';
}

function queueOf(id: string, input: object): string {
  const queue = aliased(id, input, 'queue', 'topic');
  if (!queue) throw new QueueError('queue_not_set', 'Queue name is required');
  return queue;
}

function messageOf(id: string, input: { readonly message_id: string }) {
  const queue = queueOf(id, input);
  if (input.message_id === '') throw new QueueError('message_id_not_set', 'Message ID is required');
  return { queue, message_id: input.message_id };
}
