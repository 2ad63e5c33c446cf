import type { IStream } from './stream.js';
import type { IIIClient } from './types/client.js';

/**
 * Serves a stream from this program: its operations become the functions `stream::<operation>(<name>)`.
 *
 * @throws Error when this client already serves a stream of that name.
 */
export function createStream<TData>(iii: IIIClient, streamName: string, stream: IStream<TData>): void {
  iii.registerFunction(`stream::get(${streamName})`, stream.get.bind(stream));
  iii.registerFunction(`stream::set(${streamName})`, stream.set.bind(stream));
  iii.registerFunction(`stream::delete(${streamName})`, stream.delete.bind(stream));
  iii.registerFunction(`stream::list(${streamName})`, stream.list.bind(stream));
  iii.registerFunction(`stream::list_groups(${streamName})`, stream.listGroups.bind(stream));
}
