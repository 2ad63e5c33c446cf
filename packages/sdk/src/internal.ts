import type { ChannelWriter } from 'iii-channel/ends';
import type { StreamRequest } from './types/http-stream.js';

/** What a handler of an HTTP trigger is called with, before the helpers take the response out of it. */
export interface InternalHttpRequest<TBody = unknown> extends StreamRequest<TBody> {
  response: ChannelWriter;
}
