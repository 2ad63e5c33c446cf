import { ChannelReader, ChannelWriter, type StreamChannelRef } from 'iii-channel/ends';
import type { Link } from '../link/link.js';
import type { IIIClient } from '../types/client.js';

/** One end of a channel that is handed out. The other is made once somebody has attached that one. */
export interface OfferedEnd {
  /** What stands for it in a payload. */
  readonly ref: StreamChannelRef;
  /** Nobody may attach it any more. Does nothing once somebody has. */
  withdraw(): void;
}

type OfferingLink = Link & Required<Pick<Link, 'offerChannel'>>;

/** Offers ends of channels, for workers that hand out many of which few are used. */
export class ChannelOffers {
  constructor(private readonly link: OfferingLink) {}

  /**
   * Offers the end that reads. @param claimed is given the end that writes.
   * @throws InvocationError when there is no channel to be had.
   */
  reader(claimed: (writer: ChannelWriter) => void): OfferedEnd {
    const { connectChannel } = this.link;
    const { refs, withdraw } = this.link.offerChannel(() =>
      claimed(ChannelWriter.over(connectChannel, refs.writer)),
    );
    return { ref: refs.reader, withdraw };
  }

  /**
   * Offers the end that writes. @param claimed is given the end that reads.
   * @throws InvocationError when there is no channel to be had.
   */
  writer(claimed: (reader: ChannelReader) => void): OfferedEnd {
    const { connectChannel } = this.link;
    const { refs, withdraw } = this.link.offerChannel(() =>
      claimed(ChannelReader.over(connectChannel, refs.reader)),
    );
    return { ref: refs.writer, withdraw };
  }
}

const offersOf = new WeakMap<IIIClient, ChannelOffers>();

/** Remembers which link a client has. */
export function allowOffers(client: IIIClient, link: Link): void {
  if (canOffer(link)) offersOf.set(client, new ChannelOffers(link));
}

/** What the link of a client can offer; undefined where channels have to be made, with `createChannel`. */
export function channelOffers(client: IIIClient): ChannelOffers | undefined {
  return offersOf.get(client);
}

function canOffer(link: Link): link is OfferingLink {
  return link.offerChannel !== undefined;
}
