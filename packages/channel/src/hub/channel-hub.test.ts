import { ManualClock } from 'iii-protocol/testing';
import { describe, expect, it } from 'vitest';
import { WINDOW } from '../wire.js';
import { ChannelHub } from './channel-hub.js';
import { HubError } from './errors.js';
import { CREDIT, FakeEnd, KIB, MemoryFiles, MIB, PAUSING, setUp, systemError } from './test-support.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof HubError) return error.code;
    throw error;
  }
  return undefined;
}

describe('a new channel', () => {
  it('has one id, and a key for each direction', () => {
    const { refs } = setUp();
    expect(refs.writer).toEqual({
      channel_id: expect.stringMatching(UUID),
      access_key: expect.stringMatching(UUID),
      direction: 'write',
    });
    expect(refs.reader).toEqual({
      channel_id: refs.writer.channel_id,
      access_key: expect.stringMatching(UUID),
      direction: 'read',
    });
    expect(refs.reader.access_key).not.toBe(refs.writer.access_key);
  });

  it('is not found by a wrong id, a wrong key, or the key of the other direction', () => {
    const { hub, refs } = setUp();
    const { channel_id: channelId, access_key: key } = refs.writer;
    for (const request of [
      { channelId: `${channelId}x`, key, direction: 'write' },
      { channelId, key: `${key}x`, direction: 'write' },
      { channelId, key: key.replace(/./, (c) => (c === '0' ? '1' : '0')), direction: 'write' },
      { channelId, key: '', direction: 'write' },
      { channelId, key: '\u00fc'.repeat(18), direction: 'write' },
      { channelId, key, direction: 'read' },
      { channelId, key: refs.reader.access_key, direction: 'write' },
    ] as const) {
      expect(hub.attach(request)).toBe('not_found');
    }
    expect(hub.attach({ channelId, key, direction: 'write' })).toMatchObject({
      accept: expect.any(Function),
    });
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'cannot have a buffer of %d items',
    (bufferSize) => {
      const { hub } = setUp();
      expect(codeOf(() => hub.create('a', { bufferSize }))).toBe('invalid_buffer_size');
    },
  );

  it.each([
    [undefined, 1 * MIB],
    [0, 64 * KIB],
    [1, 64 * KIB],
    [10, 640 * KIB],
    [1024, 16 * MIB],
    [5000, 16 * MIB],
  ])('with a buffer of %s items keeps %i bytes in memory', (bufferSize, bytes) => {
    const { attachWriter, hub } = setUp(bufferSize === undefined ? {} : { bufferSize });
    const writer = attachWriter(PAUSING);
    expect(hub.usage.memory_bytes).toBe(0);
    writer.binary(1);
    expect(hub.usage.memory_bytes).toBe(bytes);
    writer.end(1006);
    hub.releaseOwner('owner');
    expect(hub.usage.memory_bytes).toBe(bytes);
  });

  it('is refused beyond what one owner, or the engine, may have', () => {
    const hub = new ChannelHub({ clock: new ManualClock(), maxChannels: 3, maxChannelsPerOwner: 2 });
    hub.create('a');
    hub.create('a');
    expect(codeOf(() => hub.create('a'))).toBe('too_many_channels_of_owner');
    hub.create('b');
    expect(codeOf(() => hub.create('c'))).toBe('too_many_channels');
    hub.releaseOwner('a');
    expect(codeOf(() => hub.create('a'))).toBeUndefined();
  });
});

describe('a channel with an end that was never attached', () => {
  it.each(['reader', 'writer'] as const)('is removed after its time, and its %s told', (side) => {
    const { clock, hub, attachReader, attachWriter } = setUp();
    const end = side === 'reader' ? attachReader() : attachWriter();
    clock.advance(299_999);
    expect(end.closedWith).toBeUndefined();
    clock.advance(10_001);
    expect(end.closedWith).toEqual({ code: 1011, reason: 'the other end was not attached in time' });
    expect(hub.usage).toEqual({ channels: 0, memory_bytes: 0, spool_bytes: 0 });
    expect(clock.pending).toBe(0);
  });

  it('is removed with what a writer has left in it', () => {
    const { clock, hub, attachWriter, files } = setUp({ attachTimeoutMs: 1_000 });
    const writer = attachWriter();
    for (let i = 0; i < 20; i++) writer.binary(100 * KIB);
    writer.end();
    expect(hub.usage.spool_bytes).toBeGreaterThan(0);
    clock.advance(2_000);
    expect(hub.usage).toEqual({ channels: 0, memory_bytes: 0, spool_bytes: 0 });
    expect(files.openFiles).toBe(0);
  });

  it('is removed at once when its owner leaves', () => {
    const { hub, attachReader } = setUp();
    const reader = attachReader();
    const other = hub.create('other');
    hub.releaseOwner('nobody');
    hub.releaseOwner('owner');
    expect(reader.closedWith?.code).toBe(1011);
    expect(reader.closedWith?.reason).toMatch(/has left/);
    expect(hub.list().map(({ channel_id }) => channel_id)).toEqual([other.writer.channel_id]);
  });

  it('outlives its owner when its writer has finished, so that nothing that was written is lost', () => {
    const { hub, attachWriter, attachReader } = setUp();
    const writer = attachWriter();
    writer.text('result');
    writer.end();
    hub.releaseOwner('owner');
    const reader = attachReader();
    expect(reader.received).toEqual(['result']);
    expect(reader.closedWith?.code).toBe(1000);
  });
});

describe('a channel with both ends attached', () => {
  it('lives as long as they do, also without its owner', () => {
    const { clock, hub, attachReader, attachWriter } = setUp();
    const reader = attachReader();
    const writer = attachWriter(CREDIT);
    hub.releaseOwner('owner');
    clock.advance(24 * 3_600_000);
    writer.text('still here');
    expect(reader.received).toEqual(['still here']);
    // An idle window has shrunk meanwhile.
    expect(hub.usage.memory_bytes).toBe(WINDOW.min);
  });
});

describe('closing', () => {
  it('closes every end with 1012 and leaves nothing behind', async () => {
    const { clock, files, hub, attachReader, attachWriter, refs } = setUp();
    const writer = attachWriter();
    for (let i = 0; i < 20; i++) writer.binary(100 * KIB);
    const lonely = new FakeEnd().attach(hub, hub.create('b').reader);
    const pair = hub.create('c');
    const ends = [new FakeEnd().attach(hub, pair.writer), new FakeEnd().attach(hub, pair.reader)];
    hub.create('d');
    expect(files.openFiles).toBe(1);
    await hub.close();
    for (const end of [writer, lonely, ...ends]) expect(end.closedWith?.code).toBe(1012);
    expect(files.openFiles).toBe(0);
    expect(hub.usage).toEqual({ channels: 0, memory_bytes: 0, spool_bytes: 0 });
    expect(clock.pending).toBe(0);
    expect(codeOf(() => hub.create('e'))).toBe('hub_closed');
    expect(() => attachReader()).toThrow('not_found');
    expect(hub.info(refs.reader.channel_id)).toBeUndefined();
    await hub.close();
  });
});

describe('what is told of a channel', () => {
  it('says who is there, what went through, how fast, and what waits', () => {
    const { clock, hub, attachReader, attachWriter, info, refs } = setUp();
    const created = clock.now();
    expect(info()).toEqual({
      channel_id: refs.writer.channel_id,
      state: 'opening',
      owner: 'owner',
      created_at_ms: created,
      age_ms: 0,
      bytes: 0,
      messages: 0,
      bytes_per_second: 0,
      buffered_bytes: 0,
      spooled_bytes: 0,
      writer: 'waiting',
      reader: 'waiting',
    });
    const writer = attachWriter();
    writer.binary(100);
    clock.advance(2_000);
    expect(info()).toMatchObject({
      state: 'opening',
      writer: 'attached',
      age_ms: 2_000,
      bytes: 0,
      buffered_bytes: 164,
    });
    attachReader();
    writer.text('\u00fc');
    expect(info()).toMatchObject({ state: 'open', bytes: 102, messages: 2, buffered_bytes: 0 });
    expect(info().bytes_per_second).toBe(51);
    clock.advance(10_000);
    expect(info()).toMatchObject({ bytes_per_second: 0, bytes: 102 });
    expect(hub.list()).toEqual([info()]);
  });
});

describe('the timer', () => {
  it('is there only while there are channels', () => {
    const clock = new ManualClock();
    const hub = new ChannelHub({ clock });
    expect(clock.pending).toBe(0);
    const first = hub.create('a');
    hub.create('b');
    expect(clock.pending).toBe(1);
    hub.releaseOwner('b');
    expect(clock.pending).toBe(1);
    new FakeEnd().attach(hub, first.writer).end();
    new FakeEnd().attach(hub, first.reader);
    expect(clock.pending).toBe(0);
  });
});

describe('a disk that takes no more', () => {
  const fill = (writer: FakeEnd) => {
    for (let i = 0; i < 40 && writer.closedWith === undefined; i++) writer.binary(100 * KIB);
  };

  it.each([
    ['is full', 1013, () => systemError('ENOSPC')],
    ['has a quota', 1013, () => systemError('EDQUOT')],
    ['is broken', 1011, () => systemError('EIO')],
    ['cannot be written to', 1011, () => systemError('EACCES')],
  ])('because it %s ends the channel with %i on both ends', (_why, code, fault) => {
    const warnings: object[] = [];
    const ignore = () => {};
    const log = {
      debug: ignore,
      info: ignore,
      error: ignore,
      warn: (fields: object) => warnings.push(fields),
    };
    const { files, hub, attachReader, attachWriter } = setUp({ log });
    const reader = attachReader();
    reader.isBlocked = true;
    const writer = attachWriter();
    files.fault = fault();
    fill(writer);
    expect(writer.closedWith?.code).toBe(code);
    expect(reader.closedWith).toEqual(writer.closedWith);
    expect(warnings).toMatchObject([{ channel_id: expect.any(String), err: { cause: files.fault } }]);
    files.fault = undefined;
    expect(files.openFiles).toBe(0);
    expect(hub.usage).toEqual({ channels: 0, memory_bytes: 0, spool_bytes: 0 });
  });

  it('ends the channel as well when it does not give back what it took', () => {
    const { files, hub, attachReader, attachWriter } = setUp();
    const writer = attachWriter();
    fill(writer);
    writer.end();
    files.fault = systemError('EIO');
    const reader = attachReader();
    expect(reader.received.length).toBeLessThan(40);
    expect(reader.closedWith?.code).toBe(1011);
    expect(files.openFiles).toBe(0);
    expect(hub.usage).toEqual({ channels: 0, memory_bytes: 0, spool_bytes: 0 });
  });

  it('is never filled by channels: a share of it stays free', () => {
    const { hub, attachReader, attachWriter } = setUp({ spoolFiles: new MemoryFiles(2 * MIB) });
    const writer = attachWriter();
    fill(writer);
    expect(writer.closedWith).toEqual({
      code: 1013,
      reason: 'the reader does not keep up: the disk is full',
    });
    expect(attachReader().closedWith?.code).toBe(1013);
    expect(hub.usage.channels).toBe(0);
  });

  it('is not used beyond the limit, which all channels share', () => {
    const { hub, attachWriter } = setUp({ spoolLimitBytes: 3 * MIB });
    const one = attachWriter();
    for (let i = 0; i < 30; i++) one.binary(100 * KIB);
    const two = new FakeEnd().attach(hub, hub.create('b').writer);
    for (let i = 0; i < 15; i++) two.binary(100 * KIB);
    expect([one.closedWith, two.closedWith]).toEqual([undefined, undefined]);
    expect(hub.usage.spool_bytes).toBeLessThanOrEqual(3 * MIB);
    fill(two);
    expect(two.closedWith).toEqual({
      code: 1013,
      reason: 'the reader does not keep up: the spool is full',
    });
    expect(one.closedWith).toBeUndefined();
  });
});

describe('memory', () => {
  it('that is used up leaves every channel its least window', () => {
    const { hub, attachWriter } = setUp({ memoryLimitBytes: 1_100 * KIB });
    const first = attachWriter(PAUSING);
    first.binary(MIB);
    expect(hub.usage.memory_bytes).toBe(MIB);
    const second = new FakeEnd(PAUSING).attach(hub, hub.create('b').writer);
    second.binary(60 * KIB);
    expect(second.isPaused).toBe(false);
    second.binary(10 * KIB);
    expect(second.isPaused).toBe(true);
    expect(hub.usage.memory_bytes).toBe(MIB + WINDOW.min);
  });
});
