import { type ChannelHub, HubError } from 'iii-channel/hub';
import type { ChannelOffer, ChannelRef, ErrorBody } from 'iii-protocol';
import { EngineError, toErrorBody } from '../errors.js';

/**
 * Makes a channel for the connection of that id (protocol.md §8.1).
 *
 * @throws EngineError `SHUTDOWN`, `too_many_channels`.
 */
export function createChannel(
  hub: ChannelHub,
  ownerId: string,
  options: { readonly bufferSize?: number },
): { readonly writer: ChannelRef; readonly reader: ChannelRef } {
  try {
    return hub.create(ownerId, options);
  } catch (error) {
    throw coded(error);
  }
}

/** Offers a channel to a worker in this process, or says why there is none to be had. */
export function offerChannel(
  hub: ChannelHub,
  ownerId: string,
  claimed: () => void,
): ChannelOffer | ErrorBody {
  try {
    return hub.offer(ownerId, claimed);
  } catch (error) {
    return toErrorBody(coded(error));
  }
}

/** What stands for an error of the hub outside of it. */
function coded(error: unknown): unknown {
  if (!(error instanceof HubError)) return error;
  return new EngineError(error.code === 'hub_closed' ? 'SHUTDOWN' : 'too_many_channels', error.message);
}
