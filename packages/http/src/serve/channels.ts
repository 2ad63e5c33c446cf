import type { Writable } from 'node:stream';
import type { Channel, ChannelReader, IIIClient, StreamChannelRef } from 'iii-sdk';
import { type ChannelOffers, channelOffers, type OfferedEnd } from 'iii-sdk/link';

/** What stands for the channels of a request in the payload of its handler (spec/worker-http.md §6.1). */
export interface ChannelRefs {
  readonly request_body: StreamChannelRef;
  readonly response: StreamChannelRef;
}

/** A channel between a request and its handler, of which the handler has one end. */
export interface HandlerChannel<End> {
  /** Whether the handler is known to have attached its end. */
  readonly isAttached: boolean;
  /** The end of the handler. */
  readonly ref: StreamChannelRef;
  /** Calls back with the other end, as soon as there is use for it: maybe at once, maybe never. To be called once. */
  onUsed(listener: (end: End) => void): void;
  /** Removes the channel, whatever is in it. */
  remove(): void;
}

/**
 * The two channels of one request. Every handler gets both: an official client may read the body or write a response
 * whatever the request looks like, and says nothing beforehand. Most use neither.
 */
export interface RequestChannels {
  /** Takes the body; a handler that is reading when it is removed sees an error, unless it was complete. */
  readonly requestBody: HandlerChannel<Writable>;
  /** Gives what the handler writes; a handler that is writing when it is removed learns that nobody reads. */
  readonly response: HandlerChannel<ChannelReader>;
}

/**
 * Inside the engine's process, channels are offered, and cost little until they are used. Elsewhere they have to be
 * made.
 *
 * @throws InvocationError when the engine has no more channels.
 */
export function openChannels(iii: IIIClient): RequestChannels | Promise<RequestChannels> {
  const offers = channelOffers(iii);
  return offers === undefined ? makeChannels(iii) : offerChannels(offers);
}

export function refsOf({ requestBody, response }: RequestChannels): ChannelRefs {
  return { request_body: requestBody.ref, response: response.ref };
}

function offerChannels(offers: ChannelOffers): RequestChannels {
  const requestBody = new OfferedChannel<Writable>(
    (claimed) => offers.reader(({ stream }) => claimed(stream)),
    (stream) => void stream.on('error', ignore).destroy(OVER),
  );
  try {
    const response = new OfferedChannel<ChannelReader>(
      (claimed) => offers.writer(claimed),
      ({ stream }) => void stream.on('error', ignore).destroy(),
    );
    return { requestBody, response };
  } catch (error) {
    requestBody.remove();
    throw error;
  }
}

/** Its own end is made when the handler has attached the other. */
class OfferedChannel<End> implements HandlerChannel<End> {
  readonly #offered: OfferedEnd;
  #end: End | undefined;
  #listener: ((end: End) => void) | undefined;

  constructor(
    offer: (claimed: (end: End) => void) => OfferedEnd,
    private readonly destroy: (end: End) => void,
  ) {
    this.#offered = offer((end) => {
      this.#end = end;
      this.#listener?.(end);
    });
  }

  get isAttached(): boolean {
    return this.#end !== undefined;
  }

  get ref(): StreamChannelRef {
    return this.#offered.ref;
  }

  onUsed(listener: (end: End) => void): void {
    this.#listener = listener;
    if (this.#end !== undefined) listener(this.#end);
  }

  remove(): void {
    if (this.#end === undefined) this.#offered.withdraw();
    else this.destroy(this.#end);
  }
}

async function makeChannels(iii: IIIClient): Promise<RequestChannels> {
  const asked = [iii.createChannel(), iii.createChannel()] as const;
  try {
    const [body, answer] = await Promise.all(asked);
    return {
      requestBody: {
        isAttached: false,
        ref: body.readerRef,
        onUsed: (listener) => listener(body.writer.stream),
        remove: () => remove(body),
      },
      response: {
        isAttached: false,
        ref: answer.writerRef,
        onUsed: (listener) => listener(answer.reader),
        remove: () => remove(answer),
      },
    };
  } catch (error) {
    for (const one of asked) one.then(remove, ignore);
    throw error;
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
