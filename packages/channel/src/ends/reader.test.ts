import { once } from 'node:events';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { CLOSE, costOf } from '../wire.js';
import { ChannelClosedError } from './errors.js';
import type { ChannelReader } from './reader.js';
import { readerOver, unreadReader } from './reader-test-support.js';
import { failureOf, settled, warningOf } from './test-support.js';
import { MAX_EARLY_TEXT } from './text-listeners.js';

/** A reader whose stream and texts are recorded. */
function recordedReader() {
  const fixture = readerOver();
  const seen: string[] = [];
  fixture.reader.onMessage((msg) => seen.push(`text ${msg}`));
  fixture.reader.stream.on('data', (chunk: Buffer) => seen.push(`bytes ${chunk}`));
  fixture.reader.stream.on('end', () => seen.push('end'));
  fixture.reader.stream.on('error', (error) => seen.push(`error ${Reflect.get(error, 'code')}`));
  fixture.reader.stream.on('close', () => seen.push('close'));
  return { ...fixture, seen };
}

describe('connecting', () => {
  it.each([
    ['reading the stream', (reader: ChannelReader) => void reader.stream.resume()],
    ['onMessage alone', (reader: ChannelReader) => reader.onMessage(() => {})],
    ['readAll', (reader: ChannelReader) => void reader.readAll()],
    ['for await', (reader: ChannelReader) => void reader[Symbol.asyncIterator]().next()],
  ])('happens on %s, once', async (_name, use) => {
    const { reader, made } = readerOver();
    await settled();
    expect(made).toHaveLength(0);
    use(reader);
    reader.onMessage(() => {});
    await settled();
    expect(made).toHaveLength(1);
  });
});

describe('what is received', () => {
  it('keeps its order and its boundaries, text between chunks', async () => {
    const { seen, open } = recordedReader();
    await settled();
    const transport = open();
    for (const item of ['1', '2']) {
      transport.binary(`a${item}`);
      transport.text(item);
      transport.binary(`b${item}`);
    }
    transport.text('3');
    transport.events.closed(1000, '');
    await settled();
    expect(seen.join(', ')).toBe(
      'bytes a1, text 1, bytes b1, bytes a2, text 2, bytes b2, text 3, end, close',
    );
  });

  it('has text wait for the bytes before it only while someone reads them', async () => {
    const { reader, open } = readerOver();
    const texts: string[] = [];
    reader.onMessage((msg) => texts.push(msg));
    await settled();
    const transport = open();
    transport.binary('a');
    transport.text('first');
    expect(texts).toEqual(['first']);
    reader.stream.read(0);
    await settled();
    transport.text('second');
    await settled();
    expect(texts).toEqual(['first']);
    expect(String(reader.stream.read())).toBe('a');
    await settled();
    expect(texts).toEqual(['first', 'second']);
  });

  it('comes one chunk at a time to who reads once per `readable`', async () => {
    const { reader, made } = readerOver();
    const chunks: string[] = [];
    reader.stream.on('readable', () => {
      const chunk = reader.stream.read() as Buffer | null;
      if (chunk !== null) chunks.push(String(chunk));
    });
    await settled();
    made[0]!.events.opened();
    for (const chunk of ['a', 'bb', 'ccc', 'd']) made[0]!.binary(chunk);
    made[0]!.events.closed(1000, '');
    await once(reader.stream, 'end');
    expect(chunks).toEqual(['a', 'bb', 'ccc', 'd']);
  });

  it('comes one chunk at a time to a `for await` that is slower than the writer', async () => {
    const { reader, made } = readerOver();
    const seen: string[] = [];
    reader.onMessage((msg) => seen.push(msg));
    const all = (async () => {
      for await (const chunk of reader) {
        seen.push(String(chunk));
        await settled();
      }
    })();
    await settled();
    made[0]!.events.opened();
    for (const chunk of ['a', 'bb', 'ccc']) made[0]!.binary(chunk);
    made[0]!.text('text');
    made[0]!.binary('d');
    made[0]!.events.closed(1000, '');
    await all;
    expect(seen).toEqual(['a', 'bb', 'ccc', 'text', 'd']);
  });

  it('keeps text for the first listener, and calls all of them in the order they came', async () => {
    const { reader, transport } = unreadReader();
    transport.text('early');
    transport.text('bird');
    const heard: string[] = [];
    reader.onMessage((msg) => heard.push(`1 ${msg}`));
    reader.onMessage((msg) => heard.push(`2 ${msg}`));
    transport.text('late');
    await settled();
    expect(heard).toEqual(['1 early', '2 early', '1 bird', '2 bird', '1 late', '2 late']);
  });

  it('keeps the latest text where nobody listens, in bounds', async () => {
    const { reader, made, open } = readerOver();
    reader.stream.resume();
    await settled();
    made[0]!.hasCredit = false;
    const transport = open();
    const size = 100_000;
    for (let i = 0; i < 20; i++) transport.text(String(i).padEnd(size));
    const kept: string[] = [];
    reader.onMessage((msg) => kept.push(msg.trim()));
    await settled();
    expect(kept).toHaveLength(Math.floor(MAX_EARLY_TEXT / costOf(size)));
    expect(kept.at(-1)).toBe('19');
  });

  it.each([
    ['throws', (): void => raise()],
    ['rejects', async () => raise()],
  ])('fails the stream when a listener %s', async (_name, listener) => {
    const { reader, made } = readerOver();
    reader.onMessage(listener);
    made[0]!.events.opened();
    made[0]!.text('x');
    expect(await failureOf(reader.stream)).toMatchObject({ message: 'listener' });
    expect(made[0]!.calls).toEqual(['close 1001 the reader is done']);
  });

  it('does not get stuck on an empty chunk', async () => {
    const { reader, open } = readerOver();
    const all = reader.readAll();
    await settled();
    const transport = open();
    transport.binary('');
    transport.binary('a');
    transport.binary('');
    transport.events.closed(1005, '');
    expect(String(await all)).toBe('a');
  });

  it('can be read by encoding', async () => {
    const { reader, open } = readerOver();
    reader.stream.setEncoding('utf8');
    const all = reader.readAll();
    await settled();
    const transport = open();
    const euro = Buffer.from('€');
    transport.binary(euro.subarray(0, 1));
    transport.binary(euro.subarray(1));
    transport.events.closed(1000, '');
    expect(String(await all)).toBe('€');
  });

  it('is read once: a second readAll gives nothing', async () => {
    const { reader, open } = readerOver();
    const all = reader.readAll();
    await settled();
    const transport = open();
    transport.binary('a');
    transport.events.closed(1000, '');
    expect(String(await all)).toBe('a');
    expect(await reader.readAll()).toEqual(Buffer.alloc(0));
  });
});

describe('the end', () => {
  it.each([1000, 1005])('with %i is the end of the stream', async (code) => {
    const { seen, open } = recordedReader();
    await settled();
    const transport = open();
    transport.binary('a');
    transport.events.closed(code, '');
    await settled();
    expect(seen).toEqual(['bytes a', 'end', 'close']);
  });

  it.each([
    [1006, 'connection_lost'],
    [CLOSE.readerDone, 'closed_abnormally'],
    [CLOSE.violation, 'protocol_violation'],
    [CLOSE.failed, 'peer_failed'],
    [CLOSE.overflow, 'overflow'],
    [4000, 'closed_abnormally'],
  ])('with %i is an error %s after what had arrived', async (code, expected) => {
    const { seen, open } = recordedReader();
    await settled();
    const transport = open();
    transport.binary('a');
    transport.text('b');
    transport.binary('c');
    transport.events.closed(code, 'because');
    await settled();
    expect(seen).toEqual(['bytes a', 'text b', 'bytes c', `error ${expected}`, 'close']);
  });

  it('that is not clean comes after the chunk that waits in the stream', async () => {
    const { reader, transport } = unreadReader();
    transport.binary('a');
    transport.events.closed(1011, '');
    await settled();
    expect(String(reader.stream.read())).toBe('a');
    expect(reader.stream.read()).toBe(null);
    expect(await failureOf(reader.stream)).toMatchObject({ code: 'peer_failed' });
  });

  it('that is not clean is told at once to one that only listens', async () => {
    const { reader, made } = readerOver();
    reader.onMessage(() => {});
    made[0]!.events.opened();
    made[0]!.binary('never read');
    made[0]!.events.closed(1011, '');
    expect(await failureOf(reader.stream)).toMatchObject({ code: 'peer_failed' });
  });

  it('that is not clean rejects readAll, for await and a pipeline', async () => {
    const uses: Array<(reader: ChannelReader) => Promise<unknown>> = [
      (reader) => reader.readAll(),
      async (reader) => {
        for await (const _chunk of reader);
      },
      (reader) => pipeline(reader.stream, new Writable({ write: (_c, _e, done) => done() })),
    ];
    for (const use of uses) {
      const { reader, open } = readerOver();
      const used = use(reader);
      await settled();
      const transport = open();
      transport.binary('a');
      transport.events.closed(1011, 'writer aborted');
      await expect(used).rejects.toThrow(ChannelClosedError);
      await expect(reader.readAll()).rejects.toMatchObject({ code: 'peer_failed' });
    }
  });

  it('that is not clean is a warning where nobody listens for errors', async () => {
    const { reader, open } = readerOver();
    reader.stream.resume();
    await settled();
    const warned = warningOf('peer_failed');
    open().events.closed(1011, '');
    await warned;
  });

  it('of a connection that could not be made is its error', async () => {
    const { reader, made } = readerOver();
    const all = reader.readAll();
    await settled();
    const failure = new ChannelClosedError('channel_not_found', 'not there');
    made[0]!.events.closed(1006, '', failure);
    await expect(all).rejects.toBe(failure);
  });
});

describe('leaving', () => {
  it('with close() keeps what has arrived, then ends', async () => {
    const { reader, transport } = unreadReader();
    transport.binary('a');
    transport.binary('b');
    reader.close();
    expect(transport.calls).toEqual(['close 1001 channel_close']);
    transport.binary('too late');
    transport.events.closed(1006, '');
    expect(String(await reader.readAll())).toBe('ab');
    expect(transport.calls).toHaveLength(1);
  });

  it('with close() before the first use tells the writer too', async () => {
    const { reader, open } = readerOver();
    reader.close();
    expect(open().calls).toEqual(['close 1001 channel_close']);
    expect(await reader.readAll()).toEqual(Buffer.alloc(0));
  });

  it('by destroying closes with 1001', async () => {
    const { reader, transport } = unreadReader();
    transport.binary('a');
    reader.stream.destroy();
    expect(transport.calls).toEqual(['close 1001 the reader is done']);
    transport.events.closed(1006, '');
    expect(await failureOf(reader.stream)).toBe(null);
  });

  it('for await early closes with 1001', async () => {
    const { reader, made } = readerOver();
    const first = (async () => {
      for await (const chunk of reader) return String(chunk);
      return undefined;
    })();
    await settled();
    made[0]!.events.opened();
    made[0]!.binary('a');
    made[0]!.binary('b');
    expect(await first).toBe('a');
    expect(made[0]!.calls).toEqual(['close 1001 the reader is done']);
  });

  it.each(['before', 'while'])('by a signal aborted %s it is used closes with 1001', async (when) => {
    const abort = new AbortController();
    const reason = new Error('too late');
    if (when === 'before') abort.abort(reason);
    const { reader, open } = readerOver({ signal: abort.signal });
    const all = reader.readAll();
    all.catch(() => {});
    await settled();
    const transport = open();
    if (when === 'while') abort.abort(reason);
    expect(transport.calls).toEqual(['close 1001 the reader is done']);
    await expect(all).rejects.toBe(reason);
  });

  it('does not come from a signal that is aborted after the end', async () => {
    const abort = new AbortController();
    const { reader, open } = readerOver({ signal: abort.signal });
    reader.stream.resume();
    await settled();
    open().events.closed(1000, '');
    await once(reader.stream, 'close');
    abort.abort();
    expect(reader.stream.errored).toBe(null);
  });
});

function raise(): never {
  throw new Error('listener');
}
