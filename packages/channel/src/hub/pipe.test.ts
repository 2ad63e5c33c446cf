import { describe, expect, it } from 'vitest';
import { costOf, WINDOW } from '../wire.js';
import { CREDIT, comparable, FakeEnd, KIB, MIB, PAUSING, setUp } from './test-support.js';

const WRITERS = { 'with credit': CREDIT, 'that can be paused': PAUSING, 'that cannot be stopped': {} };

describe.each(Object.entries(WRITERS))('a writer %s', (_name, traits) => {
  it('is handed on item by item, in order and with its boundaries', () => {
    const { attachWriter, attachReader } = setUp();
    const writer = attachWriter(traits);
    const reader = attachReader();
    writer.text('one');
    writer.binary(Buffer.from([1, 2]));
    writer.text('');
    writer.binary(0);
    writer.text('zwei \u00fc');
    expect(reader.received).toEqual(['one', Buffer.from([1, 2]), '', Buffer.alloc(0), 'zwei \u00fc']);
  });

  it('may come, write and finish before its reader comes', () => {
    const { attachWriter, attachReader, hub, info } = setUp();
    const writer = attachWriter(traits);
    writer.text('a');
    writer.binary(3);
    writer.end();
    expect(info()).toMatchObject({ state: 'ending', writer: 'gone', reader: 'waiting', messages: 0 });
    const reader = attachReader();
    expect(reader.received).toEqual(['a', Buffer.alloc(3, 7)]);
    expect(reader.closedWith).toEqual({ code: 1000, reason: '' });
    expect(hub.usage).toEqual({ channels: 0, memory_bytes: 0, spool_bytes: 0 });
  });

  it('ends cleanly for its reader only when everything has left', () => {
    const { attachWriter, attachReader } = setUp();
    const writer = attachWriter(traits);
    const reader = attachReader();
    reader.isBlocked = true;
    for (let i = 0; i < 6; i++) writer.binary(30 * KIB);
    writer.end(1005);
    expect(reader.closedWith).toBeUndefined();
    expect(reader.received.length).toBeLessThan(6);
    reader.leave();
    expect(reader.received.length).toBe(6);
    expect(reader.closedWith).toBeUndefined();
    reader.drain();
    expect(reader.closedWith).toEqual({ code: 1000, reason: '' });
  });

  it.each([
    [1006, '', 'writer aborted (1006)'],
    [1011, 'out of cheese', 'writer aborted (1011: out of cheese)'],
    [1001, '', 'writer aborted (1001)'],
  ])('that ends with %i is never taken for complete', (code, why, reason) => {
    const { attachWriter, attachReader, hub } = setUp();
    const writer = attachWriter(traits);
    const reader = attachReader();
    writer.text('half of it');
    writer.end(code, why);
    expect(reader.received).toEqual(['half of it']);
    expect(reader.closedWith).toEqual({ code: 1011, reason });
    expect(hub.usage.channels).toBe(0);
  });

  it('that is lost still has its items handed over before that is told', () => {
    const { attachWriter, attachReader } = setUp();
    const writer = attachWriter(traits);
    writer.text('accepted');
    writer.end(1006);
    const reader = attachReader();
    expect(reader.received).toEqual(['accepted']);
    expect(reader.closedWith?.code).toBe(1011);
  });

  it.each([
    [1000, 1001, 'reader done'],
    [1005, 1001, 'reader done'],
    [1001, 1001, 'reader done'],
    [1006, 1011, 'reader aborted (1006)'],
    [1009, 1011, 'reader aborted (1009)'],
  ])('whose reader leaves with %i is closed with %i', (code, told, reason) => {
    const { attachWriter, attachReader, hub } = setUp();
    const writer = attachWriter(traits);
    const reader = attachReader();
    reader.isBlocked = true;
    for (let i = 0; i < 6; i++) writer.binary(30 * KIB);
    reader.end(code);
    expect(writer.closedWith).toEqual({ code: told, reason });
    expect(hub.usage).toEqual({ channels: 0, memory_bytes: 0, spool_bytes: 0 });
    // What was under way is of no interest.
    writer.binary(1);
    writer.end(1001);
    expect(hub.usage.channels).toBe(0);
  });

  it('that comes after its reader has left is told so', () => {
    const { attachWriter, attachReader, hub } = setUp();
    attachReader().end();
    expect(hub.usage.channels).toBe(1);
    const writer = attachWriter(traits);
    expect(writer.closedWith).toEqual({ code: 1001, reason: 'reader done' });
    expect(hub.usage.channels).toBe(0);
    writer.text('late');
    writer.end();
  });

  it('whose reader’s connection refuses an item hears how the reader left', () => {
    const { attachWriter, attachReader } = setUp();
    const writer = attachWriter(traits);
    const reader = attachReader();
    reader.isLost = true;
    writer.binary(10);
    writer.binary(10);
    expect(writer.closedWith).toBeUndefined();
    reader.end(1000);
    expect(writer.closedWith).toEqual({ code: 1001, reason: 'reader done' });
  });

  it('is not in the way of a reader’s end that is noticed while items wait', () => {
    const { attachWriter, attachReader, hub } = setUp();
    const writer = attachWriter(traits);
    const reader = attachReader();
    reader.isBlocked = true;
    for (let i = 0; i < 6; i++) writer.binary(30 * KIB);
    reader.isLost = true;
    reader.leave();
    writer.end();
    expect(reader.closedWith).toBeUndefined();
    reader.end(1006);
    expect(hub.usage).toEqual({ channels: 0, memory_bytes: 0, spool_bytes: 0 });
  });

  it('has large binary items split for a reader that cannot receive them', () => {
    const { attachWriter, attachReader, info } = setUp();
    const writer = attachWriter(traits);
    const reader = attachReader({ maxMessageBytes: MIB });
    const data = Buffer.alloc(MIB + 10, 'some bytes that do not repeat in step');
    writer.binary(data.subarray(0, MIB));
    writer.binary(data);
    writer.text('after');
    expect(reader.received.map(({ length }) => length)).toEqual([MIB, MIB, 10, 5]);
    expect(Buffer.concat(reader.received.slice(1, 3) as Uint8Array[]).equals(data)).toBe(true);
    expect(info()).toMatchObject({ messages: 3, bytes: 2 * MIB + 15, bytes_per_second: 2 * MIB + 15 });
  });

  it('cannot send a text that its reader cannot receive', () => {
    const { attachWriter, attachReader, hub } = setUp();
    const writer = attachWriter(traits);
    const reader = attachReader({ maxMessageBytes: 10 });
    writer.text('0123456789');
    expect(reader.received).toEqual(['0123456789']);
    writer.text('0123456789a');
    expect(reader.closedWith).toEqual(writer.closedWith);
    expect(writer.closedWith?.code).toBe(1011);
    expect(writer.closedWith?.reason).toMatch(/limit of 10: send it as binary/);
    expect(hub.usage.channels).toBe(0);
  });

  it('keeps its order with a reader in the same process that makes it go on from within a call', () => {
    const { attachWriter, hub, refs } = setUp();
    const writer = attachWriter(traits);
    let next = 0;
    const write = () => {
      if (next < 100) writer.binary(Buffer.from([next++]));
    };
    write();
    write();
    const reader = new FakeEnd();
    reader.onReceive = write;
    reader.attach(hub, refs.reader);
    expect(reader.received.map((item) => (item as Uint8Array)[0])).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
  });
});

describe('a writer with credit', () => {
  it('is granted more as items are handed to the reader, not as they come', () => {
    const { attachWriter, attachReader } = setUp();
    const writer = attachWriter(CREDIT);
    for (let i = 0; i < 4; i++) writer.binary(60 * KIB);
    expect(writer.received).toEqual([]);
    attachReader();
    expect(writer.received.length).toBeGreaterThan(0);
    expect(writer.received.at(-1)).toMatch(/^c\d+$/);
    expect(Number(String(writer.received.at(-1)).slice(1))).toBeGreaterThan(WINDOW.initial);
  });

  it('that goes beyond what it was granted is closed with 1008, and its reader with 1011', () => {
    const { attachWriter, attachReader, hub } = setUp();
    const writer = attachWriter(CREDIT);
    writer.binary(WINDOW.initial);
    expect(writer.closedWith).toBeUndefined();
    writer.binary(1);
    expect(writer.closedWith?.code).toBe(1008);
    expect(hub.usage.memory_bytes).toBe(0);
    // Nothing of it is left for a reader that comes now, but the reason.
    const reader = attachReader();
    expect(reader.received).toEqual([]);
    expect(reader.closedWith?.code).toBe(1011);
    expect(reader.closedWith?.reason).toMatch(/the writer broke the protocol/);
    expect(hub.usage.channels).toBe(0);
  });

  it.each(['x', 'c100', ''])('may not send %j', (message) => {
    const { attachWriter, attachReader } = setUp();
    const writer = attachWriter(CREDIT);
    const reader = attachReader();
    writer.message(message);
    expect(writer.closedWith?.code).toBe(1008);
    expect(reader.closedWith?.code).toBe(1011);
  });

  it('gives its window back when the last of its items is gone', () => {
    const { attachWriter, attachReader, hub } = setUp();
    const writer = attachWriter(CREDIT);
    writer.binary(100);
    expect(hub.usage.memory_bytes).toBe(WINDOW.initial);
    writer.end();
    expect(hub.usage.memory_bytes).toBe(WINDOW.initial);
    attachReader();
    expect(hub.usage.memory_bytes).toBe(0);
  });

  it('that leaves nothing behind gives its window back before a reader comes', () => {
    const { attachWriter, attachReader, hub } = setUp();
    attachWriter(CREDIT).end();
    expect(hub.usage).toEqual({ channels: 1, memory_bytes: 0, spool_bytes: 0 });
    expect(attachReader().closedWith?.code).toBe(1000);
  });

  it('hands marked text on as it is to a reader with credit', () => {
    const { attachWriter, attachReader, info } = setUp();
    const writer = attachWriter(CREDIT);
    const reader = attachReader(CREDIT);
    writer.text('abc');
    expect(reader.received).toEqual(['mabc']);
    expect(info()).toMatchObject({ messages: 1, bytes: 3 });
  });
});

describe('a writer without credit', () => {
  it.each([{}, PAUSING])('is never sent anything (%o)', (traits) => {
    const { attachWriter, attachReader } = setUp();
    const writer = attachWriter(traits);
    attachReader(CREDIT).grant(100 * MIB);
    for (let i = 0; i < 100; i++) writer.binary(100 * KIB);
    writer.text('c5');
    expect(writer.received).toEqual([]);
    expect(writer.closedWith).toBeUndefined();
  });

  it('is paused when its window is full, and goes on at half of it', () => {
    const { attachWriter, refs, info, hub } = setUp({ bufferSize: 2 });
    const writer = attachWriter(PAUSING);
    for (let i = 0; i < 3; i++) writer.binary(32 * KIB);
    expect(writer.isPaused).toBe(false);
    writer.binary(32 * KIB);
    expect(writer.isPaused).toBe(true);
    // What was read from the socket by then still comes.
    writer.binary(32 * KIB);
    expect(info().buffered_bytes).toBe(5 * costOf(32 * KIB));
    const reader = new FakeEnd(CREDIT);
    reader.isBlocked = true;
    reader.attach(hub, refs.reader);
    expect(reader.received).toHaveLength(2);
    expect(writer.isPaused).toBe(true);
    reader.leave();
    expect(reader.received).toHaveLength(4);
    expect([writer.isPaused, writer.pauses]).toEqual([false, 1]);
  });

  it('is spooled to disk past its window where it cannot be paused, and comes back in order', () => {
    const { attachWriter, attachReader, info, files, hub } = setUp({ bufferSize: 1 });
    const writer = attachWriter();
    const sizes = Array.from({ length: 300 }, (_, i) => (i % 7) * 3 * KIB);
    const items = sizes.map((size, i) => Buffer.alloc(size, i));
    for (const item of items) {
      writer.binary(item);
      writer.text(`after ${item[0]}`);
    }
    expect(info().buffered_bytes).toBeLessThanOrEqual(64 * KIB);
    expect(info().spooled_bytes).toBeGreaterThan(2 * MIB);
    expect(files.openFiles).toBe(1);
    const reader = attachReader();
    expect(comparable(reader.received)).toEqual(
      comparable(items.flatMap((item) => [item, `after ${item[0]}`])),
    );
    expect(hub.usage).toEqual({ channels: 1, memory_bytes: 0, spool_bytes: 0 });
    // And straight again, without a file.
    writer.text('then');
    expect(reader.received.at(-1)).toBe('then');
    writer.end();
    expect(files.openFiles).toBe(0);
  });
});

describe('a reader with credit', () => {
  it('is sent no item beyond what it granted', () => {
    const { attachWriter, attachReader } = setUp();
    const reader = attachReader(CREDIT);
    const writer = attachWriter();
    for (let i = 0; i < 10; i++) writer.binary(100 * KIB);
    expect(reader.received).toHaveLength(3);
    reader.grant(3 * costOf(100 * KIB));
    expect(reader.received).toHaveLength(3);
    reader.grant(3 * costOf(100 * KIB) + 1);
    expect(reader.received).toHaveLength(4);
    reader.grant(100 * MIB);
    expect(reader.received).toHaveLength(10);
  });

  it('has the mark counted against the largest message it can receive', () => {
    const { attachWriter, attachReader } = setUp();
    const reader = attachReader({ ...CREDIT, maxMessageBytes: 10 });
    const writer = attachWriter(CREDIT);
    writer.text('012345678');
    expect(reader.received).toEqual(['m012345678']);
    writer.text('0123456789');
    expect(reader.closedWith?.code).toBe(1011);
  });

  it('has text marked for it', () => {
    const { attachWriter, attachReader } = setUp();
    const reader = attachReader(CREDIT);
    attachWriter().text('c12');
    expect(reader.received).toEqual(['mc12']);
  });

  it.each(['m', 'c', 'cx', 'hello', `c${WINDOW.initial - 1}`])('may not send %j', (message) => {
    const { attachWriter, attachReader } = setUp();
    const reader = attachReader(CREDIT);
    const writer = attachWriter();
    reader.message(message);
    expect(reader.closedWith?.code).toBe(1008);
    expect(writer.closedWith?.code).toBe(1011);
    expect(writer.closedWith?.reason).toMatch(/the reader broke the protocol/);
  });

  it('may not send binary messages', () => {
    const { attachReader } = setUp();
    const reader = attachReader(CREDIT);
    reader.binary(1);
    expect(reader.closedWith?.code).toBe(1008);
  });
});

describe('a reader without credit', () => {
  it('may say what it likes', () => {
    const { attachWriter, attachReader } = setUp();
    const reader = attachReader();
    reader.message('hello');
    reader.binary(1);
    attachWriter().text('hi');
    expect(reader.received).toEqual(['hi']);
    expect(reader.closedWith).toBeUndefined();
  });

  it('that does not take what it is sent has little waiting in its own buffers', () => {
    const { attachWriter, attachReader, info } = setUp();
    const writer = attachWriter(PAUSING);
    const reader = attachReader();
    reader.isBlocked = true;
    for (let i = 0; i < 20; i++) writer.binary(20 * KIB);
    expect(reader.bufferedBytes).toBe(80 * KIB);
    expect(info()).toMatchObject({ messages: 4, buffered_bytes: 16 * costOf(20 * KIB) });
    reader.drain();
    expect(reader.received).toHaveLength(20);
  });
});

describe('an end', () => {
  it('is not attached twice, not even between the question and the connection', () => {
    const { hub, refs } = setUp();
    const { channel_id: channelId, access_key: key } = refs.writer;
    const first = hub.attach({ channelId, key, direction: 'write' });
    const second = hub.attach({ channelId, key, direction: 'write' });
    if (typeof first === 'string' || typeof second === 'string') throw new Error('refused');
    const [one, two] = [new FakeEnd(), new FakeEnd()];
    first.accept(one);
    second.accept(two);
    expect(one.closedWith).toBeUndefined();
    expect(two.closedWith?.code).toBe(1008);
    expect(hub.attach({ channelId, key, direction: 'write' })).toBe('taken');
    new FakeEnd().attach(hub, refs.reader);
    expect(hub.attach({ channelId, key: refs.reader.access_key, direction: 'read' })).toBe('taken');
  });

  it('stays taken when it has left, and is unknown when the other one has left too', () => {
    const { hub, refs, attachReader, attachWriter } = setUp();
    const { channel_id: channelId, access_key: key } = refs.writer;
    const writer = attachWriter();
    writer.end();
    expect(hub.attach({ channelId, key, direction: 'write' })).toBe('taken');
    attachReader();
    expect(hub.attach({ channelId, key, direction: 'write' })).toBe('not_found');
  });

  it('that connects after its channel was removed is closed', () => {
    const { hub, refs } = setUp();
    const { channel_id: channelId, access_key: key } = refs.reader;
    const decision = hub.attach({ channelId, key, direction: 'read' });
    if (typeof decision === 'string') throw new Error(decision);
    hub.releaseOwner('owner');
    const end = new FakeEnd();
    decision.accept(end);
    expect(end.closedWith?.reason).toMatch(/gone/);
  });
});
