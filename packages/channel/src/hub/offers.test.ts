import { describe, expect, it, vi } from 'vitest';
import { HubError } from './errors.js';
import { CREDIT, FakeEnd, setUp } from './test-support.js';

describe('a channel that is offered', () => {
  const offered = (options: Parameters<typeof setUp>[0] = {}) => {
    const bed = setUp(options);
    const claimed = vi.fn();
    return { ...bed, claimed, offer: bed.hub.offer('worker', claimed) };
  };

  it('tells once that an end is attached, and then works as any other', () => {
    const { hub, claimed, offer } = offered();
    expect(claimed).not.toHaveBeenCalled();
    const writer = new FakeEnd(CREDIT).attach(hub, offer.refs.writer);
    expect(claimed).toHaveBeenCalledOnce();
    const reader = new FakeEnd(CREDIT).attach(hub, offer.refs.reader);
    expect(claimed).toHaveBeenCalledOnce();
    writer.text('hello');
    expect(reader.received).toEqual(['mhello']);
    expect(
      hub.attach({
        channelId: offer.refs.writer.channel_id,
        key: offer.refs.writer.access_key,
        direction: 'write',
      }),
    ).toBe('taken');
  });

  it('may be attached by its owner from within the telling', () => {
    const { hub } = setUp();
    const reader = new FakeEnd(CREDIT);
    const offer = hub.offer('worker', () => void reader.attach(hub, offer.refs.reader));
    const writer = new FakeEnd(CREDIT).attach(hub, offer.refs.writer);
    writer.text('early');
    expect(reader.received).toEqual(['mearly']);
  });

  it('is gone when it is withdrawn, for those too who were about to attach', () => {
    const { hub, claimed, offer } = offered();
    const { channel_id: channelId, access_key: key } = offer.refs.reader;
    const decision = hub.attach({ channelId, key, direction: 'read' });
    offer.withdraw();
    offer.withdraw();
    expect(hub.info(channelId)).toBeUndefined();
    expect(hub.attach({ channelId, key, direction: 'read' })).toBe('not_found');
    const late = new FakeEnd(CREDIT);
    if (typeof decision === 'object') decision.accept(late);
    expect(late.closedWith?.code).toBe(1008);
    expect(claimed).not.toHaveBeenCalled();
  });

  it('cannot be withdrawn once an end is attached', () => {
    const { hub, offer } = offered();
    const reader = new FakeEnd(CREDIT).attach(hub, offer.refs.reader);
    offer.withdraw();
    expect(hub.info(offer.refs.reader.channel_id)).toMatchObject({ state: 'opening', reader: 'attached' });
    expect(reader.closedWith).toBeUndefined();
  });

  it('does not expire while nobody uses it, and does once one end waits for the other', () => {
    const { clock, hub, offer } = offered({ attachTimeoutMs: 60_000 });
    const { channel_id } = offer.refs.reader;
    clock.advance(3_600_000);
    expect(hub.info(channel_id)).toMatchObject({
      state: 'opening',
      messages: 0,
      writer: 'waiting',
      reader: 'waiting',
    });
    const reader = new FakeEnd(CREDIT).attach(hub, offer.refs.reader);
    clock.advance(60_000);
    expect(hub.info(channel_id)).toBeUndefined();
    expect(reader.closedWith?.code).toBe(1011);
  });

  it('goes with its owner, and with the hub', async () => {
    const { hub, offer } = offered();
    hub.releaseOwner('worker');
    expect(hub.info(offer.refs.reader.channel_id)).toBeUndefined();
    hub.offer('worker', () => {});
    await hub.close();
    expect(hub.usage.channels).toBe(0);
    expect(() => hub.offer('worker', () => {})).toThrow(HubError);
  });

  it('counts among those its owner may have', () => {
    const { hub } = offered({ maxChannelsPerOwner: 1 });
    expect(() => hub.offer('worker', () => {})).toThrow('as many as it may');
  });
});
