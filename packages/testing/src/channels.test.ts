import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Channel, ChannelReader, ChannelWriter, IIIClient } from 'iii-sdk';
import { createChannel } from 'iii-sdk/helpers';
import { expect, it } from 'vitest';
import { describeBothWays, heard } from './test-support.js';

interface Row {
  readonly channel_id: string;
  readonly bytes: number;
  readonly writer: string;
  readonly reader: string;
}

describeBothWays('channels between workers', (stage) => {
  const list = async (worker: IIIClient): Promise<Row[]> =>
    (await worker.trigger<object, { channels: Row[] }>({ function_id: 'engine::channels::list' })).channels;

  /** Resolves once the engine has forgotten the channel. */
  async function over(worker: IIIClient, { readerRef }: Channel): Promise<void> {
    while ((await list(worker)).some(({ channel_id }) => channel_id === readerRef.channel_id)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  it('carry bytes both ways through refs at any depth of a payload', async () => {
    const shouter = await stage.workers.connect('shouter');
    shouter.registerFunction(
      'text::shout',
      async ({ ends: [{ input }, output] }: { ends: [{ input: ChannelReader }, ChannelWriter] }) => {
        const text = (await input.readAll()).toString();
        output.sendMessage('shouting');
        output.stream.end(text.toUpperCase());
        return text.length;
      },
    );
    await heard(shouter);
    const caller = await stage.workers.connect('caller');
    const [there, back] = [await createChannel(caller), await createChannel(caller, 4)];
    const messages: string[] = [];
    back.reader.onMessage((message) => messages.push(message));
    there.writer.stream.end('hello');
    const [length, answer] = await Promise.all([
      caller.trigger({
        function_id: 'text::shout',
        payload: { ends: [{ input: there.readerRef }, back.writerRef] },
      }),
      back.reader.readAll(),
    ]);
    expect([length, String(answer), messages]).toEqual([5, 'HELLO', ['shouting']]);
    await Promise.all([over(caller, there), over(caller, back)]);
  });

  it('carry more than any window, unharmed, and tell how far they are', async () => {
    const worker = await stage.workers.connect('mover');
    const channel = await createChannel(worker);
    const data = randomBytes(24 * 1024 * 1024);
    const hash = createHash('sha256');
    const seen: number[] = [];
    await Promise.all([
      pipeline(Readable.from(slices(data, 100_000)), channel.writer.stream),
      (async () => {
        for await (const chunk of channel.reader) {
          hash.update(chunk);
          if (seen.length > 20) continue;
          const [row] = await list(worker);
          if (row !== undefined) seen.push(row.bytes);
        }
      })(),
    ]);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'));
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBeGreaterThan(0);
    await over(worker, channel);
  });

  it('that end without having been used are empty', async () => {
    const worker = await stage.workers.connect('idle');
    const channel = await createChannel(worker);
    channel.writer.close();
    expect(await channel.reader.readAll()).toHaveLength(0);
    await over(worker, channel);
  });

  it('that are cut short are errors at the other end', async () => {
    const worker = await stage.workers.connect('cutter');
    const cut = await createChannel(worker);
    cut.writer.stream.write('half');
    const reading = cut.reader.readAll();
    cut.writer.stream.on('error', () => {});
    cut.writer.stream.destroy(new Error('the disk is gone'));
    await expect(reading).rejects.toMatchObject({ name: 'ChannelClosedError', code: 'peer_failed' });

    const left = await createChannel(worker);
    left.reader.stream.once('data', () => left.reader.stream.destroy());
    const writing = pipeline(
      Readable.from(slices(Buffer.alloc(8 * 1024 * 1024), 65_536)),
      left.writer.stream,
    );
    await expect(writing).rejects.toMatchObject({ code: 'reader_done' });
    await Promise.all([over(worker, cut), over(worker, left)]);
  });

  it('have two ends, each of which can be attached once and with its own key', async () => {
    const worker = await stage.workers.connect('thief');
    const echo = (payload: object) => worker.trigger({ function_id: 'thief::read', payload });
    worker.registerFunction('thief::read', async ({ input }: { input: ChannelReader }) =>
      (await input.readAll()).toString(),
    );
    await heard(worker);
    const { writer, writerRef, readerRef } = await createChannel(worker);
    const forged = { ...readerRef, access_key: writerRef.access_key };
    await expect(echo({ input: forged })).rejects.toThrow(
      /cannot be attached|Unexpected server response: 404/,
    );
    writer.stream.write('secret');
    const first = echo({ input: readerRef });
    const row = async () =>
      (await list(worker)).find(({ channel_id }) => channel_id === readerRef.channel_id);
    while ((await row())?.reader !== 'attached') await new Promise((resolve) => setImmediate(resolve));
    await expect(echo({ input: readerRef })).rejects.toThrow(/attached|taken/);
    writer.close();
    expect(await first).toBe('secret');
  });

  it('fail when the engine shuts down, for both ends', async () => {
    const worker = await stage.workers.connect('last');
    const { writer, reader } = await createChannel(worker);
    const started = new Promise((resolve) => reader.stream.once('data', resolve));
    writer.stream.write('begun');
    await started;
    const reading = reader.readAll();
    const failed = new Promise((resolve) => writer.stream.once('error', resolve));
    const closing = stage.engine.engine.close();
    await expect(reading).rejects.toMatchObject({ name: 'ChannelClosedError' });
    expect(await failed).toMatchObject({ name: 'ChannelClosedError' });
    await closing;
  });
});

function* slices(data: Buffer, bytes: number): Generator<Buffer> {
  for (let at = 0; at < data.length; at += bytes) yield data.subarray(at, at + bytes);
}
