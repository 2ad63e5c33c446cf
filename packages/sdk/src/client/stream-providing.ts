import type { FunctionHandler } from '../engine.js';
import type { FunctionRef } from '../runtime.js';
import type { IStream } from '../stream.js';
import type { IIIClient } from '../types/client.js';

/** Methods of a stream by the operation they are called for (workers-state-stream-pubsub-cron.md §2.9). */
const OPERATIONS = [
  ['get', 'get'],
  ['set', 'set'],
  ['delete', 'delete'],
  ['list', 'list'],
  ['list_groups', 'listGroups'],
  ['update', 'update'],
] as const;

/**
 * Offers the operations of a stream. Beside the five that official clients offer also `update`, so that an update reaches
 * the same data (§2.13.12); a program without types may leave it out, and `iii-stream` then reads and sets.
 *
 * @throws Error when one of them is offered already, TypeError when the stream lacks one; nothing is offered then.
 */
export function provideStream<TData>(
  iii: Pick<IIIClient, 'registerFunction'>,
  streamName: string,
  stream: IStream<TData>,
): { unregister(): void } {
  const refs: FunctionRef[] = [];
  const unregister = () => {
    for (const ref of refs.splice(0)) ref.unregister();
  };
  try {
    for (const [operation, method] of OPERATIONS) {
      const run = stream[method] as FunctionHandler | undefined;
      if (run === undefined) {
        if (method === 'update') continue;
        throw new TypeError(`the stream ${JSON.stringify(streamName)} has no method ${method}()`);
      }
      refs.push(iii.registerFunction(`stream::${operation}(${streamName})`, run.bind(stream)));
    }
  } catch (error) {
    unregister();
    throw error;
  }
  return { unregister };
}
