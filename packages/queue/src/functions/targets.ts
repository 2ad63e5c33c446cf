import type { QueueService } from '../service.js';
import type { QueueRecord } from '../store/records.js';

/**
 * The queues a name stands for: a named queue, the destinations of a topic, or both where both are called that.
 * `queue:` and `topic:` before it choose (spec/worker-queue.md §3.1).
 */
export function targetsOf(service: QueueService, name: string): QueueRecord[] {
  const found = bothOf(service, name);
  if (found.length > 0) return found;
  if (name.startsWith('queue:')) return namedOf(service, name.slice('queue:'.length));
  if (name.startsWith('topic:')) return topicOf(service, name.slice('topic:'.length));
  return [];
}

function bothOf(service: QueueService, name: string): QueueRecord[] {
  return [...namedOf(service, name), ...topicOf(service, name)];
}

/** Its destinations, and what was published before there was one. */
function topicOf(service: QueueService, topic: string): QueueRecord[] {
  const backlog = service.topics.backlogOf(topic);
  return [...service.topics.destinations(topic), ...(backlog === undefined ? [] : [backlog])];
}

/** Also one that is not configured any more: it may have jobs. */
function namedOf(service: QueueService, name: string): QueueRecord[] {
  return [...service.jobs.directory.all()].filter(
    (record) => record.kind === 'named' && record.name === name,
  );
}
