import type { Writable } from 'node:stream';
import type { Channel, ChannelReader, IIIClient, StreamChannelRef } from 'iii-sdk';

/** What stands for the channels of a request in the payload of its handler (spec/worker-http.md §6.1). */
export interface ChannelRefs {
  readonly request_body: StreamChannelRef;
  readonly response: StreamChannelRef;
}

/** The two channels of one request: what its handler reads, and what it may write. */
export class RequestChannels {
  private constructor(
    private readonly body: Channel,
    private readonly answer: Channel,
  ) {
    // The handler has had enough of the body, which is no error.
    body.writer.stream.on('error', ignore);
  }

  /** @throws InvocationError when the engine makes no more channels. */
  static async open(iii: IIIClient): Promise<RequestChannels> {
    const asked = [iii.createChannel(), iii.createChannel()] as const;
    try {
      const [body, answer] = await Promise.all(asked);
      return new RequestChannels(body, answer);
    } catch (error) {
      for (const one of asked) one.then(remove, ignore);
      throw error;
    }
  }

  get refs(): ChannelRefs {
    return { request_body: this.body.readerRef, response: this.answer.writerRef };
  }

  /** Takes the body of the request. */
  get requestBody(): Writable {
    return this.body.writer.stream;
  }

  /** Gives what the handler writes. */
  get response(): ChannelReader {
    return this.answer.reader;
  }

  /** Removes the channel of the body; a handler that is reading it sees an error unless it was complete. */
  removeRequestBody(): void {
    remove(this.body);
  }

  /** Removes the channel of the response; a handler that is writing learns that nobody reads. */
  removeResponse(): void {
    remove(this.answer);
  }
}

/**
 * A channel is gone when both of its ends are. So the end that was left to the handler is ended as well: when the
 * handler has it, that is refused without harm; otherwise the channel would stay until it expires (protocol.md §8.7).
 */
function remove({ writer, reader }: Channel): void {
  for (const { stream } of [reader, writer]) stream.on('error', ignore);
  reader.stream.destroy();
  writer.stream.destroy(OVER);
}

/** Made once, because every request ends with it. */
const OVER = new Error('the request is over');

const ignore = () => {};
