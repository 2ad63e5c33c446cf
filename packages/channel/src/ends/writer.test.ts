import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { CHUNK_BYTES, CLOSE, costOf, grantMessage, WINDOW } from '../wire.js';
import { ChannelClosedError } from './errors.js';
import { failureOf, fakeConnect, refTo, settled, warningOf } from './test-support.js';
import type { EndOptions } from './transport.js';
import { ChannelWriter } from './writer.js';

function writerOver(options?: EndOptions) {
  const fake = fakeConnect();
  return { ...fake, writer: ChannelWriter.over(fake.connect, refTo('write'), options) };
}

/** A writer that is connected, having sent one byte. */
async function openWriter(options?: EndOptions) {
  const fixture = writerOver(options);
  fixture.writer.stream.write('.');
  const transport = fixture.open();
  await settled();
  transport.sent.length = 0;
  return { ...fixture, transport };
}

describe('connecting', () => {
  it('happens on the first write, once', async () => {
    const { writer, made, open } = writerOver();
    await settled();
    expect(made).toHaveLength(0);
    writer.stream.write('a');
    writer.sendMessage('b');
    open();
    await settled();
    expect(made).toHaveLength(1);
    expect(made[0]?.sent).toEqual([Buffer.from('a'), 'mb']);
  });

  it.each([
    ['stream.end()', 'stream_complete', (writer: ChannelWriter) => void writer.stream.end()],
    ['close()', 'channel_close', (writer: ChannelWriter) => writer.close()],
  ])('happens on %s without data, so that the reader sees a clean end', async (_name, reason, end) => {
    const { writer, open } = writerOver();
    end(writer);
    const transport = open();
    expect(transport.calls).toEqual([`close 1000 ${reason}`]);
    transport.events.closed(1000, '');
    await once(writer.stream, 'close');
    expect(writer.stream.writableFinished).toBe(true);
    expect(transport.sent).toEqual([]);
  });

  it('that fails, fails the writes that wait for it', async () => {
    const { writer, made } = writerOver();
    const written = new Promise((resolve) => writer.stream.write('a', resolve));
    const refused = new ChannelClosedError('connect_failed', 'nobody there');
    made[0]!.events.closed(1006, '', refused);
    expect(await written).toBe(refused);
    expect(await failureOf(writer.stream)).toBe(refused);
  });
});

describe('what is sent', () => {
  it('keeps its order, text behind the last piece of a large chunk', async () => {
    const { writer, transport } = await openWriter();
    writer.stream.write(Buffer.alloc(150_000, 'a'));
    writer.sendMessage('1');
    writer.stream.write('b');
    writer.sendMessage('2');
    writer.sendMessage('');
    await settled();
    expect(transport.sent.map((item) => (typeof item === 'string' ? item : item.byteLength))).toEqual([
      CHUNK_BYTES,
      CHUNK_BYTES,
      150_000 - 2 * CHUNK_BYTES,
      'm1',
      1,
      'm2',
      'm',
    ]);
  });

  it('has no empty chunk', async () => {
    const { writer, transport } = await openWriter();
    await new Promise((resolve) => writer.stream.write('', resolve));
    expect(transport.sent).toEqual([]);
  });

  it('bears no sign where no credit was agreed', async () => {
    const { writer, made } = writerOver();
    writer.sendMessage('c1');
    made[0]!.hasCredit = false;
    made[0]!.events.opened();
    await settled();
    expect(made[0]!.sent).toEqual(['c1']);
  });
});

describe('back-pressure', () => {
  it('stops at the end of the credit, and goes on with a grant', async () => {
    const { writer, transport } = await openWriter();
    let isDone = false;
    writer.stream.write(Buffer.alloc(20 * CHUNK_BYTES), () => {
      isDone = true;
    });
    await settled();
    // The item that was begun with the last of the credit may overshoot.
    expect(transport.sent).toHaveLength(Math.ceil((WINDOW.initial - costOf(1)) / costOf(CHUNK_BYTES)));
    const before = transport.sent.length;
    transport.events.message(Buffer.from(grantMessage(WINDOW.initial + costOf(CHUNK_BYTES))), false);
    await settled();
    expect(transport.sent).toHaveLength(before + 1);
    expect(isDone).toBe(false);
    transport.events.message(Buffer.from(grantMessage(100 * CHUNK_BYTES)), false);
    await settled();
    expect(transport.sent).toHaveLength(20);
    expect(isDone).toBe(true);
  });

  it('needs no grants where no credit was agreed', async () => {
    const { writer, made, open } = writerOver();
    writer.stream.write(Buffer.alloc(20 * CHUNK_BYTES));
    made[0]!.hasCredit = false;
    open();
    await settled();
    expect(made[0]!.sent).toHaveLength(20);
  });

  it('hands over no more than a window before it has left', async () => {
    const { writer, made, open } = writerOver();
    writer.stream.write(Buffer.alloc(20 * CHUNK_BYTES));
    const transport = made[0]!;
    transport.hasCredit = false;
    transport.isStuck = true;
    open();
    await settled();
    expect(transport.sent).toHaveLength(WINDOW.initial / CHUNK_BYTES);
    transport.leave();
    expect(transport.sent).toHaveLength((2 * WINDOW.initial) / CHUNK_BYTES);
  });

  it('is what write() and sendMessage() return, until `drain`', async () => {
    const { writer, transport } = await openWriter();
    transport.isStuck = true;
    expect(writer.sendMessage('small')).toBe(true);
    expect(writer.sendMessage('x'.repeat(CHUNK_BYTES))).toBe(false);
    expect(writer.stream.write('y')).toBe(false);
    const drained = writer.drained();
    let isDrained = false;
    void drained.then(() => {
      isDrained = true;
    });
    await settled();
    expect(isDrained).toBe(false);
    transport.isStuck = false;
    transport.leave();
    await drained;
    expect(writer.sendMessage('small')).toBe(true);
  });

  it('refuses text beyond 64 MiB, and takes it when there is room again', async () => {
    const { writer, open } = writerOver();
    const large = 'x'.repeat(40 * 1024 * 1024);
    expect(writer.sendMessage(large)).toBe(false);
    expect(() => writer.sendMessage(large)).toThrow(/does not fit.*drained\(\)/);
    const transport = open();
    await writer.drained();
    writer.sendMessage(large);
    transport.events.message(Buffer.from(grantMessage(1e9)), false);
    await settled();
    expect(transport.sent).toHaveLength(2);
  });

  it('ends drained() with the failure of the channel', async () => {
    const { writer, made } = writerOver();
    writer.sendMessage('x'.repeat(CHUNK_BYTES));
    const drained = writer.drained();
    made[0]!.events.closed(1001, 'reader done');
    await expect(drained).rejects.toMatchObject({ code: 'reader_done' });
    await expect(writer.drained()).rejects.toMatchObject({ code: 'reader_done' });
    expect(writer.sendMessage('more')).toBe(false);
  });
});

describe('the end', () => {
  it('is said after everything has left, and finished when the engine has confirmed it', async () => {
    const { writer, transport } = await openWriter();
    transport.isStuck = true;
    writer.stream.end('last');
    await settled();
    expect(transport.calls).toEqual([]);
    transport.leave();
    await settled();
    expect(transport.calls).toEqual(['close 1000 stream_complete']);
    expect(writer.stream.writableFinished).toBe(false);
    transport.events.closed(1000, '');
    await once(writer.stream, 'close');
    expect(writer.stream.writableFinished).toBe(true);
    expect(writer.stream.errored).toBe(null);
  });

  it('is not finished when the connection is lost before it was confirmed', async () => {
    const { writer, transport } = await openWriter();
    writer.close();
    writer.close();
    await settled();
    expect(transport.calls).toEqual(['close 1000 channel_close']);
    transport.events.closed(1006, '');
    expect(await failureOf(writer.stream)).toMatchObject({ code: 'connection_lost', closeCode: 1006 });
  });

  it('makes later text an error that does not break the program', async () => {
    const { writer } = await openWriter();
    writer.close();
    const warned = warningOf('writer_ended');
    expect(writer.sendMessage('late')).toBe(false);
    await warned;
    await expect(writer.drained()).rejects.toMatchObject({ code: 'writer_ended' });
  });

  it.each([
    [CLOSE.normal, 'closed_abnormally'],
    [1005, 'closed_abnormally'],
    [1006, 'connection_lost'],
    [CLOSE.readerDone, 'reader_done'],
    [CLOSE.violation, 'protocol_violation'],
    [CLOSE.failed, 'peer_failed'],
    [CLOSE.overflow, 'overflow'],
    [1009, 'closed_abnormally'],
  ])(
    'of the connection with %i before that fails the stream and its writes with %s',
    async (closeCode, code) => {
      const { writer, transport } = await openWriter();
      transport.isStuck = true;
      const written = new Promise((resolve) => writer.stream.write('lost', resolve));
      transport.events.closed(closeCode, 'because');
      const failure = await failureOf(writer.stream);
      expect(failure).toBeInstanceOf(ChannelClosedError);
      expect(failure).toMatchObject({ code, closeCode, reason: 'because' });
      expect(failure?.message).toContain(`${closeCode} (because)`);
      expect(await written).toBe(failure);
    },
  );

  it('takes a pipeline with it', async () => {
    const { writer, made } = writerOver();
    const source = Readable.from([Buffer.alloc(1), Buffer.alloc(1)]);
    const piped = pipeline(source, writer.stream);
    await settled();
    made[0]!.events.opened();
    made[0]!.events.closed(CLOSE.readerDone, '');
    await expect(piped).rejects.toMatchObject({ code: 'reader_done' });
    expect(source.destroyed).toBe(true);
  });

  it('comes with 1008 for a peer that sends a writer something else than grants', async () => {
    const { writer, transport } = await openWriter();
    transport.events.message(Buffer.from('hello'), false);
    expect(transport.calls).toEqual(['close 1008 a writer is sent grants, and nothing else']);
    expect(await failureOf(writer.stream)).toMatchObject({ code: 'protocol_violation', closeCode: 1008 });
  });

  it('does not come from what a peer without credit says', async () => {
    const { writer, made, open } = writerOver();
    writer.stream.write('a');
    made[0]!.hasCredit = false;
    open().events.message(Buffer.from('hello'), false);
    await settled();
    expect(writer.stream.destroyed).toBe(false);
    writer.close();
    await settled();
    made[0]!.events.closed(1005, '');
    expect(await failureOf(writer.stream)).toBe(null);
  });
});

describe('destroying', () => {
  it('tells the reader why', async () => {
    const { writer, transport } = await openWriter();
    writer.stream.destroy(new Error('disk full'));
    expect(transport.calls).toEqual(['close 1011 disk full']);
  });

  it('tells the reader even where it is the first thing', async () => {
    const { writer, open } = writerOver();
    writer.stream.destroy();
    const transport = open();
    expect(transport.calls).toEqual([expect.stringMatching(/^close 1011 the writer was destroyed/)]);
    transport.events.closed(1011, '');
    expect(await failureOf(writer.stream)).toBe(null);
  });

  it('fails what waits', async () => {
    const { writer, transport } = await openWriter();
    transport.isStuck = true;
    const written = new Promise((resolve) => writer.stream.write('lost', resolve));
    writer.stream.destroy();
    expect(await written).toBeInstanceOf(Error);
    await expect(writer.drained()).rejects.toMatchObject({ code: 'writer_destroyed' });
  });

  it('is a warning where nobody listens for errors', async () => {
    const { transport } = await openWriter();
    const warned = warningOf('peer_failed');
    transport.events.closed(1011, 'gone');
    await warned;
  });

  it('is no warning when the reader has left', async () => {
    const { writer, transport } = await openWriter();
    const warnings: Error[] = [];
    const heard = (warning: Error) => void warnings.push(warning);
    process.on('warning', heard);
    transport.events.closed(CLOSE.readerDone, '');
    await failureOf(writer.stream);
    await settled();
    process.off('warning', heard);
    expect(warnings).toEqual([]);
    expect(writer.stream.write('more')).toBe(false);
  });

  it.each(['before', 'while'])('comes from a signal aborted %s it is used', async (when) => {
    const abort = new AbortController();
    if (when === 'before') abort.abort(new Error('too late'));
    const { writer, open } = writerOver({ signal: abort.signal });
    const failed = failureOf(writer.stream);
    if (when === 'while') {
      writer.stream.write('a');
      abort.abort('too late');
    }
    expect(open().calls).toEqual(['close 1011 too late']);
    expect(await failed).toMatchObject({ message: 'too late' });
  });

  it('does not come from a signal that is aborted after the end', async () => {
    const abort = new AbortController();
    const { writer, transport } = await openWriter({ signal: abort.signal });
    writer.close();
    await settled();
    transport.events.closed(1000, '');
    await once(writer.stream, 'close');
    abort.abort();
    expect(writer.stream.errored).toBe(null);
  });
});
