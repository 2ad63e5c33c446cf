import type { Channel } from './channel.js';
import type { IStream } from './stream.js';
import type { IIIClient } from './types/client.js';

export { extractChannelRefs, isChannelRef } from 'iii-channel/ends';

/** Which end of a channel a ref stands for. */
export const ChannelDirection = { Read: 'read', Write: 'write' } as const;
export type ChannelDirection = (typeof ChannelDirection)[keyof typeof ChannelDirection];

/** One message of a channel as a value. */
export type ChannelItem = { type: 'text'; value: string } | { type: 'binary'; value: Uint8Array };

export const ChannelItem = {
  Text: (value: string): ChannelItem => ({ type: 'text', value }),
  Binary: (value: Uint8Array): ChannelItem => ({ type: 'binary', value }),
} as const;

/**
 * Makes a channel. Nothing is connected until an end is used; pass the ref of the other end in a payload.
 *
 * @param bufferSize items of 64 KiB, 1 to 1024, that may wait for the reader of a writer that is not of this package.
 * @throws InvocationError as any call.
 */
export function createChannel(iii: IIIClient, bufferSize?: number): Promise<Channel> {
  return iii.createChannel(bufferSize);
}

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
