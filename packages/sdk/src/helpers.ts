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
 * Keeps a stream in this program: its operations become the functions `stream::<operation>(<name>)`, which `iii-stream`
 * calls instead of its own store. The same as `createStream` of the client.
 *
 * @throws Error when this client already keeps a stream of that name.
 */
export function createStream<TData>(iii: IIIClient, streamName: string, stream: IStream<TData>): void {
  iii.createStream(streamName, stream);
}
