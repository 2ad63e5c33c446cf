import type { ChannelReader, ChannelWriter, StreamChannelRef } from 'iii-channel/ends';

export {
  ChannelClosedError,
  ChannelError,
  type ChannelErrorCode,
  ChannelReader,
  ChannelWriter,
  type StreamChannelRef,
} from 'iii-channel/ends';

/** Both ends of a new channel, and what stands for them in a payload. Each can be used once, here or elsewhere. */
export interface Channel {
  writer: ChannelWriter;
  reader: ChannelReader;
  writerRef: StreamChannelRef;
  readerRef: StreamChannelRef;
}
