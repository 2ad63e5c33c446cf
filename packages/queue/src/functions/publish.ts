import { parseRaw, RAW_NULL, rawMembers } from 'iii-protocol';
import { Type } from 'iii-protocol/schema';
import { currentTrace } from 'iii-sdk/link';
import { QueueError } from '../errors.js';
import type { QueueService } from '../service.js';
import { aliased, type Functions, guarded, unreadable } from './register.js';

const PUBLISH = 'iii::durable::publish';

/** Messages for whoever has subscribed (spec/worker-queue.md §6.1). */
export function addPublishFunction(functions: Functions, service: QueueService): void {
  functions.addRaw(
    PUBLISH,
    {
      description: 'Stores a message for every subscriber of a topic.',
      input: Type.Object({ topic: Type.String({ minLength: 1 }), data: Type.Unknown() }),
    },
    async (raw) => {
      const members = rawMembers(raw);
      const names: Record<string, unknown> = {};
      for (const name of ['topic', 'queue']) {
        const spelled = members.get(name);
        if (spelled !== undefined) names[name] = parseRaw(spelled);
      }
      const topic = aliased(PUBLISH, names, 'topic', 'queue');
      if (topic === undefined) throw unreadable(PUBLISH, 'missing field `topic`, which is a string');
      if (topic === '') throw new QueueError('topic_not_set', 'Topic is not set');
      const data = members.get('data');
      if (data === undefined) throw unreadable(PUBLISH, 'missing field `data`, which is any JSON value');
      await guarded('publish_failed', () => service.publish(topic, data, currentTrace()));
      return RAW_NULL;
    },
  );
}
