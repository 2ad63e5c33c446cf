import type { ChannelRef } from 'iii-protocol';
import { expect, it, vi } from 'vitest';
import { ChannelReader, ChannelWriter } from '../channel.js';
import type { Link } from '../link/link.js';
import { ChannelOffers } from './channel-offers.js';

function setUp() {
  const ref = (direction: ChannelRef['direction']): ChannelRef => ({
    channel_id: 'c',
    access_key: direction,
    direction,
  });
  const withdraw = vi.fn();
  const claims: Array<() => void> = [];
  const link = {
    connectChannel: vi.fn(),
    offerChannel: (claimed: () => void) => {
      claims.push(claimed);
      return { refs: { writer: ref('write'), reader: ref('read') }, withdraw };
    },
  };
  const offers = new ChannelOffers(link as object as Link & Required<Pick<Link, 'offerChannel'>>);
  return { offers, claims, withdraw, link };
}

it('an end that is handed out leaves the other one, which is made when that is attached', () => {
  const { offers, claims, link } = setUp();
  const writers: unknown[] = [];
  const readers: unknown[] = [];
  expect(offers.reader((writer) => writers.push(writer)).ref.direction).toBe('read');
  expect(offers.writer((reader) => readers.push(reader)).ref.direction).toBe('write');
  expect([writers, readers]).toEqual([[], []]);
  for (const claimed of claims) claimed();
  expect(writers).toEqual([expect.any(ChannelWriter)]);
  expect(readers).toEqual([expect.any(ChannelReader)]);
  // Nothing is connected before it is used.
  expect(link.connectChannel).not.toHaveBeenCalled();
});

it('an end that is handed out can be withdrawn', () => {
  const { offers, withdraw } = setUp();
  offers.reader(() => {}).withdraw();
  expect(withdraw).toHaveBeenCalledOnce();
});
